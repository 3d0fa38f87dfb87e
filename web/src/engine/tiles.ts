/** Where the tiles of a picture lie, as `fastnst.stylizing.tiling` and `canvas` plan them: what is painted here is the same. */

/** Left, upper, right and lower edge, in pixels. */
export type Box = readonly [number, number, number, number];

export interface Tile {
  /** What goes through the network. */
  seen: Box;
  /** The part of it that this tile gives, or of which the statistics count. */
  kept: Box;
}

export const GRID = 4; // pixels: a tile that began elsewhere would be sampled down differently
export const MARGIN = 24; // pixels around a picture that are painted with it: networks draw a frame along the edge
const SIDE = 768; // of a tile
const WHOLE = 3 * 2 ** 22; // pixels
const SAMPLES = 40;
const SQUARE = 448; // side of a sample, at least

export interface Plan {
  /** Of the picture with its margin, both multiples of 4. */
  size: readonly [number, number];
  margin: number;
  /** What statistics are taken of. */
  samples: readonly Tile[];
  tiles: readonly Tile[];
  /** Whether samples and tiles are the same. */
  exact: boolean;
}

export interface Wanted {
  /** Of a tile, at most. */
  side?: number;
  /** Pixels from which on statistics are taken of samples. */
  whole?: number;
  /** Around the picture; a narrow one is faster. */
  margin?: number;
}

export function planTiles(width: number, height: number, reach: number, wanted: Wanted = {}): Plan {
  const { side = SIDE, whole = WHOLE } = wanted;
  const margin = Math.min(wanted.margin ?? MARGIN, Math.floor((Math.min(width, height) - 1) / GRID) * GRID);
  const least = 4 * (reach + GRID); // half of it is given
  const size = [width, height].map((it) => Math.ceil((it + 2 * margin) / GRID) * GRID) as [number, number];
  const tiles = cover(size, reach, Math.max(side, least));
  const exact = width * height <= whole;
  return { size, margin, samples: exact ? tiles : spread(size, reach, Math.max(SQUARE, least)), tiles, exact };
}

function cover([width, height]: readonly [number, number], reach: number, side: number): Tile[] {
  return cut(height, reach, side).flatMap(([upper, lower, top, bottom]) =>
    cut(width, reach, side).map(([left, right, first, last]) => ({
      seen: [left, upper, right, lower] as const,
      kept: [first, top, last, bottom] as const,
    })),
  );
}

/** Start and end of the tiles along one side, and of what each of them gives. */
function cut(length: number, reach: number, side: number): [number, number, number, number][] {
  if (length <= side) return [[0, length, 0, length]];
  // as where a tile begins to give lies on the grid too
  const overlap = 2 * (Math.ceil(reach / GRID) * GRID + GRID);
  const count = Math.ceil((length - overlap) / (side - overlap));
  const tile = Math.min(side, Math.ceil(((length - overlap) / count + overlap) / GRID) * GRID);
  const starts = Array.from({ length: count }, (_, i) => Math.floor((i * (length - tile)) / (count - 1) / GRID) * GRID);
  return starts.map((start, place) => {
    const [before, next] = [starts[place - 1], starts[place + 1]];
    const first = before === undefined ? 0 : middle(before + tile, start);
    return [start, start + tile, first, next === undefined ? length : middle(start + tile, next)];
  });
}

function middle(end: number, start: number): number {
  return Math.floor((end + start) / 2 / GRID) * GRID;
}

/** Squares here and there, evenly, without what is cut off from its surroundings. */
function spread([width, height]: readonly [number, number], reach: number, square: number): Tile[] {
  const columns = Math.min(SAMPLES, Math.max(1, Math.round(Math.sqrt((SAMPLES * width) / height))));
  const rows = Math.floor(SAMPLES / columns);
  const samples: Tile[] = [];
  for (let row = 0; row < rows; row += 1) {
    for (let column = 0; column < columns; column += 1) {
      const [left, upper] = [place(column, columns, width, square), place(row, rows, height, square)];
      const [right, lower] = [Math.min(left + square, width), Math.min(upper + square, height)];
      samples.push({
        seen: [left, upper, right, lower],
        kept: [
          left + (left > 0 ? reach : 0),
          upper + (upper > 0 ? reach : 0),
          right - (right < width ? reach : 0),
          lower - (lower < height ? reach : 0),
        ],
      });
    }
  }
  return samples;
}

function place(index: number, count: number, length: number, square: number): number {
  const centre = Math.floor(((2 * index + 1) * length) / (2 * count));
  return Math.max(0, Math.floor((centre - square / 2) / GRID) * GRID);
}
