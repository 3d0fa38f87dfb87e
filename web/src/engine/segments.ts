/**
 * The pieces that a network is cut into before each instance normalisation, each a small ONNX model.
 *
 * Between two pieces the statistics of a whole picture are known, however many tiles it is painted in, so that tiles fit
 * together as in `fastnst.networks.shared_statistics`. A piece begins with the normalisation of what the one before it
 * gave, with the statistics and the style's scale and shift as inputs: one network serves all styles.
 */
import { type Constant, type Node, type Value, writeModel } from "./onnx";
import type { Tensor, TensorFile } from "./safetensors";

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

const EPSILON = 1e-5; // of PyTorch's instance normalisation

/** Builds one piece after the other. Within a piece `in` is what is normalised first, and `out` is the last of what it gives. */
export class Maker {
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

function features(name: string, channels: number): Value {
  return { name, type: "float32", shape: [1, channels, `${name}_height`, `${name}_width`] };
}

function vector(name: string, length: number): Value {
  return { name, type: "float32", shape: [length] };
}
