/**
 * The network cut before each instance normalisation, each piece a small ONNX model.
 *
 * Between two pieces the statistics of a whole picture are known, however many tiles it is painted in, so that tiles fit
 * together as in `fastnst.networks.shared_statistics`. A piece begins with the normalisation of what the one before it
 * gave, with the statistics and the style's scale and shift as inputs: one network serves all styles.
 */
import { type Constant, type Node, type Value, writeModel } from "./onnx";
import { type Tensor, type TensorFile, isRecord } from "./safetensors";

export interface Segment {
  model: Uint8Array;
  /** The normalisation that it begins with: its channels, and where its scales lie in a style; null for the first. */
  norm: { channels: number; at: number } | null;
  /** Whether it ends a residual block, and takes what was kept at its beginning. */
  takesKept: boolean;
  /** Of what it gives, which the next piece normalises, or which is the picture. */
  channels: number;
  /** That has the resolution of the picture divided by this. */
  scale: number;
}

export interface Network {
  segments: readonly Segment[];
  /** How far an input pixel's influence goes, statistics aside, in pixels. */
  reach: number;
  /** Numbers of a style. */
  numbers: number;
}

const EPSILON = 1e-5; // of PyTorch's instance normalisation

/** @throws Error if the file is no `resnet` with instance normalisation. */
export function cutNetwork(file: TensorFile): Network {
  const { width, blocks } = readArchitecture(file);
  const maker = new Maker(file);
  maker.add(width, 1, convolution(maker, "downsample.0.1", 4, "in"));
  for (const [place, scale] of [[3, 2], [6, 4]] as const) {
    maker.add(width * scale, scale, [
      ...maker.relu(),
      ...convolution(maker, `downsample.${place}.1`, 1, "seen", { strides: [2, 2] }),
    ]);
  }
  for (let block = 0; block < blocks; block += 1) {
    const name = `residual.${block}.body`;
    const before = block === 0 ? maker.relu("kept") : maker.sum();
    maker.add(4 * width, 4, [...before, ...convolution(maker, `${name}.0.1`, 1, "kept")], true);
    maker.add(4 * width, 4, [...maker.relu(), ...convolution(maker, `${name}.3.1`, 1, "seen")]);
  }
  maker.add(2 * width, 2, [
    ...(blocks === 0 ? maker.relu("kept") : maker.sum()),
    ...upsampling(maker, "upsample.0", "kept"),
  ]);
  maker.add(width, 1, [...maker.relu(), ...upsampling(maker, "upsample.3", "seen")]);
  const half = maker.constant("half", [1], Float32Array.of(0.5));
  maker.add(3, 1, [
    ...maker.relu(),
    ...convolution(maker, "to_rgb.1", 4, "seen", {}, "rgb"),
    { op: "Mul", inputs: ["rgb", half], outputs: ["halved"] },
    { op: "Sigmoid", inputs: ["halved"], outputs: ["out"] },
  ]);
  return { segments: maker.segments, reach: 17 + 8 * blocks, numbers: maker.numbers };
}

function readArchitecture({ metadata }: TensorFile): { width: number; blocks: number } {
  const found: unknown = JSON.parse(metadata["architecture"] ?? "null");
  if (!isRecord(found) || found["name"] !== "resnet" || found["norm"] !== "instance" || found["upsample"] !== "nearest") {
    throw new Error("another kind of network");
  }
  const { width, blocks } = found;
  const whole = [width, blocks].every((it) => Number.isInteger(it) && Number(it) >= 0 && Number(it) <= 1024);
  if (!whole || typeof width !== "number" || typeof blocks !== "number" || width === 0) throw new Error("no network");
  return { width, blocks };
}

/** Builds one piece after the other. Within a piece `in` is what is normalised first, and `out` is the last of what it gives. */
class Maker {
  readonly segments: Segment[] = [];
  numbers = 0;
  private constants = new Map<string, Constant>();
  private before = 0; // channels of what the last piece gave

  constructor(private readonly file: TensorFile) {}

  weights(name: string): Tensor {
    const found = this.file.tensors.get(name);
    const whole = found?.data.every(Number.isFinite) && found.shape.every((length) => length > 0);
    if (!found || !whole) throw new Error(`no weights ${name}`);
    return found;
  }

  constant(name: string, shape: readonly number[], data: Float32Array | BigInt64Array): string {
    this.constants.set(name, { shape, data });
    return name;
  }

  /** Normalised and rectified: `in` -> `name`. */
  relu(name = "seen"): Node[] {
    return [this.norm("normalised"), { op: "Relu", inputs: ["normalised"], outputs: [name] }];
  }

  /** The end of a residual block: what was kept and what is normalised now, together kept again. */
  sum(): Node[] {
    return [this.norm("normalised"), { op: "Add", inputs: ["before", "normalised"], outputs: ["kept"] }];
  }

  private norm(name: string): Node {
    const inputs = ["in", "scale", "shift", "mean", "variance"];
    return { op: "BatchNormalization", inputs, outputs: [name], attributes: { epsilon: EPSILON } };
  }

  /** @param keeps whether `kept` goes out too. */
  add(channels: number, scale: number, nodes: readonly Node[], keeps = false): void {
    const before = this.before;
    const norm = before === 0 ? null : { channels: before, at: this.numbers };
    const takesKept = nodes.some((node) => node.inputs.includes("before"));
    const inputs = [features("in", norm ? before : 3)];
    if (norm) inputs.push(...["scale", "shift", "mean", "variance"].map((name) => vector(name, before)));
    if (takesKept) inputs.push(features("before", before));
    const outputs = [...(keeps ? [features("kept", channels)] : []), features("out", channels)];
    const model = writeModel({ nodes, inputs, outputs, constants: this.constants });
    this.segments.push({ model, norm, takesKept, channels, scale });
    this.numbers += 2 * before;
    this.before = channels;
    this.constants = new Map();
  }
}

/** A reflection-padded convolution of what is `seen`, to `out` or what is named. */
function convolution(
  maker: Maker,
  name: string,
  padding: number,
  seen: string,
  attributes: Record<string, number[]> = {},
  out = "out",
): Node[] {
  const weight = maker.weights(`${name}.weight`);
  const side = weight.shape[2] ?? 1;
  return [
    pad(maker, seen, padding, "reflect"),
    {
      op: "Conv",
      inputs: [
        "padded",
        maker.constant("weight", weight.shape, weight.data),
        maker.constant("bias", [weight.shape[0] ?? 0], maker.weights(`${name}.bias`).data),
      ],
      outputs: [out],
      attributes: { kernel_shape: [side, side], ...attributes },
    },
  ];
}

/**
 * Nearest-neighbour upsampling to twice the size, reflection padding by one pixel, and a 3x3 convolution. Of three
 * neighbouring rows of the larger picture two are copies of one of the smaller, so each pixel needs a 2x2 kernel of sums
 * of the weights, one of four (as `fastnst.networks.upsample_conv`): 4/9 of the work.
 */
function upsampling(maker: Maker, name: string, seen: string): Node[] {
  const weight = maker.weights(`${name}.weight`);
  const bias = maker.weights(`${name}.bias`).data;
  const [outputs = 0, inputs = 0] = weight.shape;
  const kernels = fourKernels(weight.data, outputs, inputs);
  const biases = new Float32Array(4 * outputs).map((_, place) => bias[place % outputs] ?? 0);
  const parities = [0, 1, 2, 3].map((place) => [place >> 1, place & 1] as const); // of row, of column
  const axes = maker.constant("axes", [2], BigInt64Array.of(2n, 3n));
  const parts = parities.map((_, place) => `part${place}`);
  return [
    pad(maker, seen, 1, "edge"),
    {
      op: "Conv",
      inputs: [
        "padded",
        maker.constant("weight", [4 * outputs, inputs, 2, 2], kernels),
        maker.constant("bias", [4 * outputs], biases),
      ],
      outputs: ["every"],
      attributes: { kernel_shape: [2, 2] },
    },
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
    { op: "DepthToSpace", inputs: ["together"], outputs: ["out"], attributes: { blocksize: 2, mode: "DCR" } },
  ];
}

/** Sums of 3x3 kernels for even and odd rows and columns: `(O, I, 3, 3)` -> `(row parity, column parity, O, I, 2, 2)`. */
export function fourKernels(weights: Float32Array, outputs: number, inputs: number): Float32Array {
  const taps = [[[0], [1, 2]], [[0, 1], [2]]] as const; // by parity: which of three rows the two rows stand for
  const planes = outputs * inputs;
  const kernels = new Float32Array(16 * planes);
  for (let place = 0; place < kernels.length; place += 1) {
    const [rows, columns] = [taps[place < 8 * planes ? 0 : 1], taps[Math.floor(place / (4 * planes)) & 1]];
    const plane = Math.floor(place / 4) % planes;
    for (const row of rows?.[(place >> 1) & 1] ?? []) {
      for (const column of columns?.[place & 1] ?? []) {
        kernels[place] = (kernels[place] ?? 0) + (weights[9 * plane + 3 * row + column] ?? 0);
      }
    }
  }
  return kernels;
}

function pad(maker: Maker, seen: string, pixels: number, mode: "reflect" | "edge"): Node {
  const [none, some] = [0n, BigInt(pixels)];
  const pads = maker.constant("pads", [8], BigInt64Array.of(none, none, some, some, none, none, some, some));
  return { op: "Pad", inputs: [seen, pads], outputs: ["padded"], attributes: { mode } };
}

function features(name: string, channels: number): Value {
  return { name, type: "float32", shape: [1, channels, `${name}_height`, `${name}_width`] };
}

function vector(name: string, length: number): Value {
  return { name, type: "float32", shape: [length] };
}
