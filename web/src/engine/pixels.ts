/** Pictures of the page, RGBA in bytes, and of the network, RGB in [0, 1], one colour after the other. */
import type { Box, Plan } from "./tiles";

export interface Picture {
  width: number;
  height: number;
  data: Uint8ClampedArray<ArrayBuffer>;
}

/** Shows the network parts of a picture without transparency, with its margin, which mirrors it. */
export class Source {
  private readonly columns: Int32Array;
  private readonly rows: Int32Array;

  constructor(
    private readonly picture: Picture,
    plan: Plan,
  ) {
    this.columns = mirrored(picture.width, plan.margin, plan.size[0]);
    this.rows = mirrored(picture.height, plan.margin, plan.size[1]);
  }

  /** `(3, H, W)` of a box. */
  seen([left, upper, right, lower]: Box): Float32Array {
    const { width, data } = this.picture;
    const area = (right - left) * (lower - upper);
    const values = new Float32Array(3 * area);
    let place = 0;
    for (let y = upper; y < lower; y += 1) {
      const row = (this.rows[y] ?? 0) * width;
      for (let x = left; x < right; x += 1) {
        const from = 4 * (row + (this.columns[x] ?? 0));
        for (let colour = 0; colour < 3; colour += 1) {
          values[colour * area + place] = (data[from + colour] ?? 0) / 255;
        }
        place += 1;
      }
    }
    return values;
  }
}

/** Which pixel of a line is seen at each place of the longer one that the network is shown. */
function mirrored(length: number, margin: number, padded: number): Int32Array {
  const withMargin = length + 2 * margin;
  return Int32Array.from({ length: padded }, (_, place) => {
    const inside = Math.min(place, 2 * (withMargin - 1) - place) - margin;
    return inside < 0 ? -inside : Math.min(inside, 2 * (length - 1) - inside);
  });
}

/** Puts what a tile gives into a picture. */
export function put(painted: Float32Array, seen: Box, kept: Box, margin: number, picture: Picture): void {
  const [across, area] = [seen[2] - seen[0], (seen[2] - seen[0]) * (seen[3] - seen[1])];
  const [left, right] = [Math.max(kept[0] - margin, 0), Math.min(kept[2] - margin, picture.width)];
  const [upper, lower] = [Math.max(kept[1] - margin, 0), Math.min(kept[3] - margin, picture.height)];
  for (let y = upper; y < lower; y += 1) {
    const row = (y + margin - seen[1]) * across + margin - seen[0];
    for (let x = left; x < right; x += 1) {
      const to = 4 * (y * picture.width + x);
      for (let colour = 0; colour < 3; colour += 1) {
        picture.data[to + colour] = 255 * (painted[colour * area + row + x] ?? 0); // clamped and rounded
      }
      picture.data[to + 3] = 255;
    }
  }
}

const LUMA = [0.299, 0.587, 0.114] as const; // of the Y in YIQ (Rec. 601)

/** The finished picture, in the place of what was painted: that mixed with the photograph, as `fastnst.stylizing.look`. */
export function mixed(painted: Picture, photograph: Picture, strength: number, keepColours: boolean): Picture {
  const { data } = painted;
  const colours = [0, 0, 0];
  for (let place = 0; place < data.length; place += 4) {
    if (keepColours) chrominanceKept(data, photograph.data, place, colours);
    for (let colour = 0; colour < 3; colour += 1) {
      const own = photograph.data[place + colour] ?? 0;
      const value = keepColours ? (colours[colour] ?? 0) : (data[place + colour] ?? 0);
      data[place + colour] = own + strength * (value - own);
    }
    data[place + 3] = photograph.data[place + 3] ?? 255;
  }
  return painted;
}

/** Light and dark of the painted picture, I and Q of YIQ of the photograph, paler where there is no such colour. */
function chrominanceKept(painted: Uint8ClampedArray, photograph: Uint8ClampedArray, place: number, into: number[]): void {
  const bright = luma(painted, place);
  const own = luma(photograph, place);
  let room = 1;
  for (let colour = 0; colour < 3; colour += 1) {
    const chroma = (photograph[place + colour] ?? 0) - own;
    into[colour] = chroma;
    const most = chroma > 0 ? 255 - bright : bright;
    if (Math.abs(chroma) > 1e-3) room = Math.min(room, most / Math.abs(chroma));
  }
  for (let colour = 0; colour < 3; colour += 1) into[colour] = bright + room * (into[colour] ?? 0);
}

function luma(data: Uint8ClampedArray, place: number): number {
  return LUMA[0] * (data[place] ?? 0) + LUMA[1] * (data[place + 1] ?? 0) + LUMA[2] * (data[place + 2] ?? 0);
}
