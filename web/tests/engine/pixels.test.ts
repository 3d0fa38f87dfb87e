import { expect, test } from "vitest";

import { resize } from "../../src/engine/lanczos";
import { type Picture, Source, mixed, put } from "../../src/engine/pixels";
import { planTiles } from "../../src/engine/tiles";
import { shown } from "../../src/engine/transparency";

function picture(width: number, height: number, ...pixels: number[][]): Picture {
  const data = new Uint8ClampedArray(4 * width * height);
  for (let place = 0; place < width * height; place += 1) data.set(pixels[place % pixels.length] ?? [], 4 * place);
  return { width, height, data };
}

test("around a picture its mirror image is seen", () => {
  const line = picture(9, 9, ...Array.from({ length: 9 }, (_, x) => [10 * x, 0, 0, 255]));
  const plan = planTiles(9, 9, 57);
  expect(plan.margin).toBe(8);
  expect(plan.size).toEqual([28, 28]); // 25 and what it takes to a multiple of 4
  const row = [...new Source(line, plan).seen([0, 12, 28, 13])].slice(0, 28).map((it) => Math.round(255 * it));
  const reds = [80, 70, 60, 50, 40, 30, 20, 10, 0, 10, 20, 30, 40, 50, 60, 70, 80, 70, 60, 50, 40, 30, 20, 10, 0];
  expect(row).toEqual([...reds, 10, 20, 30]);
});

test("what is translucent is seen in its own colours, and what is transparent on white, but near to colours", () => {
  const line = picture(40, 3, ...Array.from({ length: 40 }, (_, x) => (x < 4 ? [200, 50, 10, 90] : [0, 0, 0, 0])));
  const seen = shown(line, 40, 3);
  const at = (x: number): number[] => [...seen.data.slice(4 * x, 4 * x + 4)];
  expect(at(2)).toEqual([200, 50, 10, 255]);
  [200, 50, 10].forEach((value, colour) => expect(Math.abs(at(10)[colour]! - value)).toBeLessThan(12));
  expect(at(39)).toEqual([255, 255, 255, 255]);
  expect(shown(picture(4, 4, [9, 8, 7, 255]), 2, 2).data).toEqual(picture(2, 2, [9, 8, 7, 255]).data);
});

test("tiles give every pixel once", () => {
  for (const [width, height] of [[1500, 900], [700, 2000], [5000, 3000]] as const) {
    const plan = planTiles(width, height, 57);
    const area = plan.tiles.reduce((sum, { kept }) => sum + (kept[2] - kept[0]) * (kept[3] - kept[1]), 0);
    expect(area).toBe(plan.size[0] * plan.size[1]);
    for (const { seen, kept } of plan.tiles) {
      expect(Math.max(seen[2] - seen[0], seen[3] - seen[1])).toBeLessThanOrEqual(768);
      expect(seen.every((edge) => edge % 4 === 0)).toBe(true);
      const rooms = [kept[0] - seen[0], kept[1] - seen[1], seen[2] - kept[2], seen[3] - kept[3]];
      const edges = [kept[0] === 0, kept[1] === 0, kept[2] === plan.size[0], kept[3] === plan.size[1]];
      rooms.forEach((room, side) => expect(edges[side] ? room : Math.min(room, 57)).toBe(edges[side] ? 0 : 57));
    }
    expect(plan.exact).toBe(width * height <= 3 * 2 ** 22);
    if (!plan.exact) expect(plan.samples).toHaveLength(40);
  }
});

test("what a tile gives comes to its place", () => {
  const whole = picture(6, 5, [9, 9, 9, 9]);
  const painted = Float32Array.from({ length: 3 * 64 }, (_, place) => (place % 64) / 255);
  put(painted, [4, 4, 12, 12], [8, 8, 12, 12], 4, whole); // from 4, 4 of the picture to its end
  const at = (x: number, y: number): number[] => [...whole.data.slice(4 * (6 * y + x), 4 * (6 * y + x) + 4)];
  expect(at(4, 4)).toEqual([36, 36, 36, 255]);
  expect(at(5, 4)).toEqual([37, 37, 37, 255]);
  expect(at(3, 4)).toEqual([9, 9, 9, 9]);
});

test("the strength is a share of the painting", () => {
  const [painted, own] = [picture(1, 1, [200, 100, 0, 255]), picture(1, 1, [100, 100, 100, 7])];
  expect([...mixed(painted, own, 0.25, false).data]).toEqual([125, 100, 75, 7]);
});

test("colours are kept and light is painted", () => {
  const [painted, own] = [picture(1, 1, [120, 120, 120, 255]), picture(1, 1, [180, 90, 60, 255])];
  const [red = 0, green = 0, blue = 0] = mixed(painted, own, 1, true).data;
  expect(Math.round(0.299 * red + 0.587 * green + 0.114 * blue)).toBe(120);
  const luma = 0.299 * 180 + 0.587 * 90 + 0.114 * 60;
  [red, green, blue].forEach((value, place) => {
    expect(value - 120).toBeCloseTo((own.data[place] ?? 0) - luma, -0.5);
  });
  const white = mixed(picture(1, 1, [255, 255, 255, 255]), own, 1, true);
  expect([...white.data]).toEqual([255, 255, 255, 255]); // there is no colour as bright as that
});

test("resizing keeps what is even, and the size it had", () => {
  const even = picture(7, 5, [50, 100, 150, 255]);
  expect(resize(even, 7, 5)).toBe(even);
  for (const [width, height] of [[3, 2], [20, 11]] as const) {
    const other = resize(even, width, height);
    expect([other.width, other.height]).toEqual([width, height]);
    expect(new Set(other.data)).toEqual(new Set([50, 100, 150, 255]));
  }
});
