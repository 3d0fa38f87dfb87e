/** The layers that networks consist of, as nodes of the piece that is being made; a piece has one of them. */
import type { Node } from "./onnx";
import type { Tensor } from "./safetensors";
import type { Maker } from "./segments";

/** A convolution of what is `seen`, with reflection padding by half of its kernel, to `out` or what is named. */
export function convolution(
  maker: Maker,
  name: string,
  seen: string,
  attributes: Record<string, number[]> = {},
  out = "out",
): Node[] {
  const weight = maker.weights(`${name}.weight`);
  const padding = (weight.shape[2] ?? 1) >> 1;
  return [
    pad(maker, seen, padding, "reflect"),
    convolve(maker, weight, maker.weights(`${name}.bias`).data, out, attributes),
  ];
}

/**
 * Nearest-neighbour upsampling to twice the size, reflection padding by one pixel, and a 3x3 convolution. Of three
 * neighbouring rows of the larger picture two are copies of one of the smaller, so each pixel needs a 2x2 kernel of sums
 * of the weights, one of four (as `fastnst.networks.upsample_conv`): 4/9 of the work.
 */
export function upsampling(maker: Maker, name: string, seen: string): Node[] {
  const parities = [0, 1, 2, 3].map((place) => [place >> 1, place & 1] as const); // of row, of column
  const axes = maker.constant("axes", [2], BigInt64Array.of(2n, 3n));
  const parts = parities.map((_, place) => `part${place}`);
  return [
    ...fourConvolutions(maker, name, seen),
    { op: "Split", inputs: ["every"], outputs: parts, attributes: { axis: 1, num_outputs: 4 } },
    // even rows begin at row 0, odd ones at row 1: of one row and column more than there are each leaves one out
    ...parities.map(([row, column], place) => ({
      op: "Slice",
      inputs: [
        parts[place] ?? "",
        maker.constant(`from${place}`, [2], BigInt64Array.of(BigInt(row), BigInt(column))),
        maker.constant(`to${place}`, [2], BigInt64Array.of(...[row, column].map((it) => (it ? 2n ** 40n : -1n)))),
        axes,
      ],
      outputs: [`cut${place}`],
    })),
    { op: "Concat", inputs: parities.map((_, place) => `cut${place}`), outputs: ["together"], attributes: { axis: 1 } },
    interleave("together", "out"),
  ];
}

/** The same with a 5x5 convolution to what is named: all of the four kernels are 3x3 and begin at the row before. */
export function wideUpsampling(maker: Maker, name: string, seen: string, out: string): Node[] {
  return [...fourConvolutions(maker, name, seen), interleave("every", out)];
}

/** What the last convolution makes -> [0, 1]: halved, as in training its first steps would overshoot. */
export function intoRange(maker: Maker, name: string): Node[] {
  const half = maker.constant("half", [1], Float32Array.of(0.5));
  return [
    { op: "Mul", inputs: [name, half], outputs: ["halved"] },
    { op: "Sigmoid", inputs: ["halved"], outputs: ["out"] },
  ];
}

/** Even and odd rows and columns of a convolution of twice the size as channels of `every`: `(row parity, column parity, O)`. */
function fourConvolutions(maker: Maker, name: string, seen: string): Node[] {
  const bias = maker.weights(`${name}.bias`).data;
  const biases = Float32Array.from({ length: 4 * bias.length }, (_, place) => bias[place % bias.length] ?? 0);
  const kernels = fourKernels(maker.weights(`${name}.weight`));
  return [pad(maker, seen, 1, "edge"), convolve(maker, kernels, biases, "every")];
}

/**
 * Sums of the weights for even and odd rows and columns: `(O, I, N, N)` -> `(row parity, column parity, O, I, M, M)`, where
 * M is half of N and a half, as of N neighbouring rows of the larger picture most show the same as another one.
 */
export function fourKernels({ shape: [outputs = 0, inputs = 0, side = 0], data }: Tensor): Tensor {
  const [planes, fewer] = [outputs * inputs, (side + 1) >> 1];
  const kernels = new Float32Array(4 * planes * fewer * fewer);
  for (let place = 0; place < 4 * data.length; place += 1) {
    const [column, row] = [place % side, Math.floor(place / side) % side];
    const kernel = Math.floor(place / side ** 2); // (row parity, column parity, O, I)
    const parity = Math.floor(kernel / planes);
    const to = (kernel * fewer + shownBy(row, parity >> 1, side)) * fewer + shownBy(column, parity & 1, side);
    kernels[to] = (kernels[to] ?? 0) + (data[place % data.length] ?? 0);
  }
  return { shape: [4 * outputs, inputs, fewer, fewer], data: kernels };
}

/** Which row of the smaller kernel one of the larger falls on, around even (0) or odd (1) rows of the larger picture. */
function shownBy(row: number, parity: number, side: number): number {
  const first = parity - (side >> 1);
  return ((first + row) >> 1) - (first >> 1);
}

/** Four channels to each pixel as four pixels: `(row parity, column parity, O)` -> `O` of twice the size. */
function interleave(name: string, out: string): Node {
  return { op: "DepthToSpace", inputs: [name], outputs: [out], attributes: { blocksize: 2, mode: "DCR" } };
}

function convolve(
  maker: Maker,
  weight: Tensor,
  bias: Float32Array,
  out: string,
  attributes: Record<string, number[]> = {},
): Node {
  const side = weight.shape[2] ?? 1;
  return {
    op: "Conv",
    inputs: [
      "padded",
      maker.constant("weight", weight.shape, weight.data),
      maker.constant("bias", [bias.length], bias),
    ],
    outputs: [out],
    attributes: { kernel_shape: [side, side], ...attributes },
  };
}

function pad(maker: Maker, seen: string, pixels: number, mode: "reflect" | "edge"): Node {
  const [none, some] = [0n, BigInt(pixels)];
  const pads = maker.constant("pads", [8], BigInt64Array.of(none, none, some, some, none, none, some, some));
  return { op: "Pad", inputs: [seen, pads], outputs: ["padded"], attributes: { mode } };
}
