/**
 * One picture through the network, piece by piece: each normalisation over all tiles before any of them goes on.
 *
 * Features at a quarter of the resolution are kept, in 16 bits, between two pieces; larger ones would take much memory and
 * are computed again.
 */
import type { Network } from "./networks";
import { type Picture, Source, put } from "./pixels";
import type { Segment } from "./segments";
import { type Statistics, channelStatistics, together } from "./statistics";
import { type Plan, type Tile, planTiles } from "./tiles";

export interface Features {
  shape: readonly [number, number, number, number];
  data: Float32Array;
}

/** Runs one piece: features and vectors by name -> features by name. */
export type Run = (segment: number, inputs: ReadonlyMap<string, Features | Float32Array>) => Promise<Map<string, Features>>;

type State = ReadonlyMap<string, Features>;

/** As it is, or packed. */
type Stored = ReadonlyMap<string, Omit<Features, "data"> & { data: Float32Array | Uint16Array }>;

const KEPT_FROM = 4; // the scale of features that are kept

/**
 * Paint a picture.
 *
 * @param numbers of the style.
 * @param tell is told the share of the work that is done, and may throw to end it.
 */
export async function paint(
  picture: Picture,
  network: Network,
  numbers: Float32Array,
  run: Run,
  tell: (share: number) => Promise<void>,
  plan = planTiles(picture.width, picture.height, network.reach),
): Promise<Picture> {
  const walk = new Walk(network, numbers, run, new Source(picture, plan), plan, tell);
  return await walk.paint({ ...picture, data: new Uint8ClampedArray(picture.data.length) });
}

class Walk {
  private readonly statistics: Statistics[] = [];
  private readonly kept = new Map<Tile, { state: Stored; next: number }>();
  private done = 0;
  private readonly work: number;

  constructor(
    private readonly network: Network,
    private readonly numbers: Float32Array,
    private readonly run: Run,
    private readonly source: Source,
    private readonly plan: Plan,
    private readonly tell: (share: number) => Promise<void>,
  ) {
    this.work = this.pieces();
  }

  async paint(result: Picture): Promise<Picture> {
    const { segments } = this.network;
    const alone = this.plan.samples.length === 1;
    for (const [place, segment] of segments.slice(0, -1).entries()) {
      const found: Statistics[] = [];
      for (const tile of this.plan.samples) {
        const state = await this.advance(tile, place);
        if (alone || keeps(segment)) this.kept.set(tile, { state: alone ? state : packed(state), next: place + 1 });
        found.push(counted(state, segment, tile));
      }
      this.statistics.push(together(found));
    }
    if (!this.plan.exact) this.kept.clear();
    for (const tile of this.plan.tiles) {
      const painted = (await this.advance(tile, segments.length - 1)).get("x");
      this.kept.delete(tile);
      if (painted) put(painted.data, tile.seen, tile.kept, this.plan.margin, result);
    }
    return result;
  }

  /** A tile after a piece, from where it was kept or from its pixels. */
  private async advance(tile: Tile, last: number): Promise<State> {
    const before = this.kept.get(tile);
    let state = before ? unpacked(before.state) : this.pixels(tile);
    for (let place = before?.next ?? 0; place <= last; place += 1) {
      const given = await this.run(place, this.inputs(place, state));
      state = new Map([...state, ...given]);
      this.done += 1;
      await this.tell(this.done / this.work);
    }
    return state;
  }

  private pixels(tile: Tile): State {
    const [left, upper, right, lower] = tile.seen;
    return new Map([["x", { shape: [1, 3, lower - upper, right - left], data: this.source.seen(tile.seen) }]]);
  }

  private inputs(place: number, state: State): Map<string, Features | Float32Array> {
    const inputs = new Map<string, Features | Float32Array>();
    const { norm, takesKept } = this.network.segments[place] as Segment;
    const found = this.statistics[place - 1];
    if (norm && found) {
      inputs.set("scale", this.numbers.slice(norm.at, norm.at + norm.channels));
      inputs.set("shift", this.numbers.slice(norm.at + norm.channels, norm.at + 2 * norm.channels));
      inputs.set("mean", Float32Array.from(found.mean));
      inputs.set("variance", Float32Array.from(found.variance));
    }
    inputs.set("in", state.get("x") as Features);
    if (takesKept) inputs.set("before", state.get("kept") as Features);
    return inputs;
  }

  /** How many pieces will be run in all. */
  private pieces(): number {
    const { segments } = this.network;
    const { samples, tiles, exact } = this.plan;
    let [next, sum] = [0, 0];
    segments.forEach((segment, place) => {
      const last = place === segments.length - 1;
      sum += last && !exact ? tiles.length * segments.length : samples.length * (place + 1 - next);
      if (samples.length === 1 || keeps(segment)) next = place + 1;
    });
    return sum;
  }
}

function keeps(segment: Segment): boolean {
  return segment.scale === KEPT_FROM;
}

function counted(state: State, segment: Segment, { seen, kept }: Tile): Statistics {
  const features = state.get("x") as Features;
  const { channels, scale } = segment;
  const edges = [kept[0] - seen[0], kept[1] - seen[1], kept[2] - seen[0], kept[3] - seen[1]] as const;
  const [left, upper, right, lower] = edges.map((edge) => Math.ceil(edge / scale)) as [number, number, number, number];
  const found = channelStatistics(features.data, channels, features.shape[3], [left, upper, right, lower]);
  // as faulty drivers give them: what is painted with them is black
  if (![...found.mean, ...found.variance].every(Number.isFinite)) throw new Error("no numbers");
  return found;
}

/** In the upper 16 bits of each number, rounded: as PyTorch computes in bfloat16 on processors. */
function packed(state: State): Stored {
  return new Map(
    [...state].map(([name, { shape, data }]) => {
      const bits = new Uint32Array(data.buffer, data.byteOffset, data.length);
      const halves = new Uint16Array(bits.length);
      for (let place = 0; place < bits.length; place += 1) halves[place] = (bits[place]! + 0x8000) >>> 16;
      return [name, { shape, data: halves }];
    }),
  );
}

function unpacked(state: Stored): State {
  return new Map(
    [...state].map(([name, { shape, data }]) => {
      if (data instanceof Float32Array) return [name, { shape, data }];
      const bits = new Uint32Array(data.length);
      for (let place = 0; place < bits.length; place += 1) bits[place] = data[place]! << 16;
      return [name, { shape, data: new Float32Array(bits.buffer) }];
    }),
  );
}
