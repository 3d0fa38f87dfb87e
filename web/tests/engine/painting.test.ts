/** The network in pieces, run by the same runtime as in a browser. That it equals PyTorch's is tested with the page. */
import { readFileSync } from "node:fs";

import * as ort from "onnxruntime-web";
import { expect, test } from "vitest";

import { fourKernels } from "../../src/engine/layers";
import { type Network, cutNetwork } from "../../src/engine/networks";
import { type TensorFile, readTensors } from "../../src/engine/safetensors";
import { channelStatistics, together } from "../../src/engine/statistics";
import { planTiles } from "../../src/engine/tiles";
import { type Features, type Run, paint } from "../../src/engine/walk";
import { smallNetwork } from "./files";

ort.env.wasm.numThreads = 1;

const full = (): ArrayBuffer => smallNetwork(2, 1);

/** A `light` of a few channels; with it a photograph, and what PyTorch paints of that: `tests/page/test_light.py`. */
function light(): ArrayBuffer {
  const bytes = readFileSync(new URL("light.safetensors", import.meta.url));
  return bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength);
}

async function cut(file: TensorFile): Promise<{ network: Network; run: Run }> {
  const network = cutNetwork(file);
  const sessions = await Promise.all(network.segments.map(({ model }) => ort.InferenceSession.create(model)));
  const run: Run = async (segment, inputs) => {
    const feeds: Record<string, ort.Tensor> = {};
    for (const [name, it] of inputs) {
      const [data, shape] = it instanceof Float32Array ? [it, [it.length]] : [it.data, it.shape];
      feeds[name] = new ort.Tensor("float32", data, shape);
    }
    const given = await sessions[segment]!.run(feeds);
    return new Map(
      Object.entries(given).map(([name, { dims, data }]) => [
        name === "out" ? "x" : name,
        { shape: dims, data } as unknown as Features,
      ]),
    );
  };
  return { network, run };
}

function gradient(width: number, height: number): { width: number; height: number; data: Uint8ClampedArray<ArrayBuffer> } {
  const data = Uint8ClampedArray.from({ length: 4 * width * height }, (_, place) => {
    const [x, y] = [(place >> 2) % width, Math.floor((place >> 2) / width)];
    return place % 4 === 3 ? 255 : 128 + 127 * Math.sin((x * (1 + (place % 4))) / 17 + y / 9) * (x / width);
  });
  return { width, height, data };
}

test.each([
  ["statistics of the tiles", full, undefined, 3], // in between features are kept in 16 bits
  ["statistics of the tiles, in the light network, whose contrast is high here", light, undefined, 9],
  ["statistics of samples, which show all of so small a picture, its middle more often", full, 0, 8],
])("a picture in tiles is painted like a whole one: %s", async (_, file, from, most) => {
  const { network, run } = await cut(readTensors(file()));
  const numbers = Float32Array.from({ length: network.numbers }, (_, place) => Math.sin(place));
  const wide = gradient(330, 61);
  const plan = planTiles(wide.width, wide.height, network.reach, { side: 160, ...(from === undefined ? {} : { whole: from }) });
  expect(plan.tiles.length).toBeGreaterThan(2);
  expect(plan.exact).toBe(from === undefined);
  const shares: number[] = [];
  const tell = async (share: number): Promise<void> => void shares.push(share);
  const tiled = await paint(wide, network, numbers, run, tell, plan);
  expect(shares.at(-1)).toBe(1);
  expect(shares).toEqual([...shares].sort((a, b) => a - b));
  const whole = await paint(wide, network, numbers, run, async () => {});
  const apart = tiled.data.map((value, place) => Math.abs(value - (whole.data[place] ?? 0)));
  expect(Math.max(...apart)).toBeLessThanOrEqual(most);
  expect(new Set(tiled.data).size).toBeGreaterThan(50);
});

test("the light network paints what PyTorch paints", async () => {
  const file = readTensors(light());
  const { network, run } = await cut(file);
  const [numbers, photograph, painted] = ["numbers", "photograph", "painted"].map((name) => file.tensors.get(name)!);
  const [, , height = 0, width = 0] = photograph!.shape; // neither is a multiple of 4
  const data = new Uint8ClampedArray(4 * width * height).map((_, place) =>
    place % 4 === 3 ? 255 : photograph!.data[(place % 4) * width * height + (place >> 2)]!,
  );
  expect(network).toMatchObject({ reach: 20, numbers: numbers!.data.length });
  const plan = planTiles(width, height, network.reach, { margin: 0 });
  const found = await paint({ width, height, data }, network, numbers!.data, run, async () => {}, plan);
  for (let place = 0; place < painted!.data.length; place += 1) {
    const [colour, pixel] = [Math.floor(place / (width * height)), place % (width * height)];
    const apart = Math.abs(found.data[4 * pixel + colour]! - 255 * painted!.data[place]!);
    expect(apart).toBeLessThan(0.7); // half of it is rounding
  }
});

test("another kind of network is refused", () => {
  const architecture = JSON.stringify({ name: "johnson2016", width: 2, blocks: 1 });
  expect(() => cutNetwork({ ...readTensors(light()), metadata: { architecture } })).toThrow("another kind");
});

test("sums of kernels do what upsampling first does", () => {
  const data = Float32Array.from({ length: 9 }, (_, place) => place + 1);
  const kernels = fourKernels({ shape: [1, 1, 3, 3], data });
  expect(kernels.shape).toEqual([4, 1, 2, 2]);
  expect([...kernels.data.slice(0, 4)]).toEqual([1, 2 + 3, 4 + 7, 5 + 6 + 8 + 9]);
  expect([...kernels.data.slice(12)]).toEqual([1 + 2 + 4 + 5, 3 + 6, 7 + 8, 9]);
});

test("statistics of parts are those of the whole", () => {
  const values = Float32Array.from({ length: 24 }, (_, place) => 1000 + Math.cos(place));
  const whole = channelStatistics(values, 2, 4, [0, 0, 4, 3]);
  const parts = [channelStatistics(values, 2, 4, [0, 0, 3, 3]), channelStatistics(values, 2, 4, [3, 0, 4, 3])];
  const found = together(parts);
  whole.mean.forEach((mean, channel) => expect(found.mean[channel]).toBeCloseTo(mean, 6));
  whole.variance.forEach((variance, channel) => expect(found.variance[channel]).toBeCloseTo(variance, 6));
});
