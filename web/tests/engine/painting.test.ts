/** The network in pieces, run by the same runtime as in a browser. That it equals PyTorch's is tested with the page. */
import * as ort from "onnxruntime-web";
import { expect, test } from "vitest";

import { fourKernels, cutNetwork } from "../../src/engine/segments";
import { readTensors } from "../../src/engine/safetensors";
import { channelStatistics, together } from "../../src/engine/statistics";
import { planTiles } from "../../src/engine/tiles";
import { type Features, type Run, paint } from "../../src/engine/walk";
import { smallNetwork } from "./files";

ort.env.wasm.numThreads = 1;

async function small(): Promise<{ network: ReturnType<typeof cutNetwork>; run: Run }> {
  const network = cutNetwork(readTensors(smallNetwork(2, 1)));
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
  ["statistics of the tiles", undefined, 3], // in between features are kept in 16 bits
  ["statistics of samples, which show all of so small a picture, its middle more often", 0, 8],
])("a picture in tiles is painted like a whole one: %s", async (_, from, most) => {
  const { network, run } = await small();
  const numbers = Float32Array.from({ length: network.numbers }, (_, place) => Math.sin(place));
  const wide = gradient(330, 61);
  const plan = planTiles(wide.width, wide.height, network.reach, { side: 160, ...(from === undefined ? {} : { whole: from }) });
  expect(plan.tiles).toHaveLength(4);
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

test("sums of kernels do what upsampling first does", () => {
  const weights = Float32Array.from({ length: 9 }, (_, place) => place + 1);
  const kernels = fourKernels(weights, 1, 1);
  expect([...kernels.slice(0, 4)]).toEqual([1, 2 + 3, 4 + 7, 5 + 6 + 8 + 9]);
  expect([...kernels.slice(12)]).toEqual([1 + 2 + 4 + 5, 3 + 6, 7 + 8, 9]);
});

test("statistics of parts are those of the whole", () => {
  const values = Float32Array.from({ length: 24 }, (_, place) => 1000 + Math.cos(place));
  const whole = channelStatistics(values, 2, 4, [0, 0, 4, 3]);
  const parts = [channelStatistics(values, 2, 4, [0, 0, 3, 3]), channelStatistics(values, 2, 4, [3, 0, 4, 3])];
  const found = together(parts);
  whole.mean.forEach((mean, channel) => expect(found.mean[channel]).toBeCloseTo(mean, 6));
  whole.variance.forEach((variance, channel) => expect(found.variance[channel]).toBeCloseTo(variance, 6));
});
