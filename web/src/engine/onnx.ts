/** Writes ONNX models: as much of the format (onnx.proto3) as convolutions and what is around them take. */

export type Attribute = number | readonly number[] | string;

export interface Node {
  op: string;
  inputs: readonly string[];
  outputs: readonly string[];
  attributes?: Readonly<Record<string, Attribute>>;
}

export interface Value {
  name: string;
  type: "float32" | "float16" | "int64";
  /** A name stands for a length that is known when the model runs. */
  shape: readonly (number | string)[];
}

export interface Graph {
  nodes: readonly Node[];
  inputs: readonly Value[];
  outputs: readonly Value[];
  constants: ReadonlyMap<string, Constant>;
}

export interface Constant {
  shape: readonly number[];
  data: Float32Array | BigInt64Array;
}

const OPSET = 18;
const IR_VERSION = 8;
const TYPES = { float32: 1, int64: 7, float16: 10 } as const;

/** The bytes of a model. */
export function writeModel(graph: Graph): Uint8Array {
  const opset = message(field(1, ""), field(2, OPSET));
  return message(field(1, IR_VERSION), field(7, writeGraph(graph)), field(8, opset));
}

function writeGraph(graph: Graph): Uint8Array {
  return message(
    ...graph.nodes.map((node) => field(1, writeNode(node))),
    field(2, "fastnst"),
    ...[...graph.constants].map(([name, constant]) => field(5, tensor(name, constant))),
    ...graph.inputs.map((value) => field(11, valueInfo(value))),
    ...graph.outputs.map((value) => field(12, valueInfo(value))),
  );
}

function writeNode(node: Node): Uint8Array {
  return message(
    ...node.inputs.map((name) => field(1, name)),
    ...node.outputs.map((name) => field(2, name)),
    field(4, node.op),
    ...Object.entries(node.attributes ?? {}).map(([name, value]) => field(5, attribute(name, value))),
  );
}

function attribute(name: string, value: Attribute): Uint8Array {
  if (typeof value === "string") return message(field(1, name), field(4, value), field(20, 3));
  if (typeof value !== "number") {
    return message(field(1, name), ...value.map((one) => field(8, one)), field(20, 7));
  }
  // all of ours that are no whole numbers are floats, and no float is a whole number
  return Number.isInteger(value)
    ? message(field(1, name), field(3, value), field(20, 2))
    : message(field(1, name), float(2, value), field(20, 1));
}

function tensor(name: string, { shape, data }: Constant): Uint8Array {
  const type = data instanceof Float32Array ? TYPES.float32 : TYPES.int64;
  const raw = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  const dims = shape.map((length) => field(1, length));
  return message(...dims, field(2, type), field(8, name), field(9, raw));
}

function valueInfo({ name, type, shape }: Value): Uint8Array {
  const dims = shape.map((it) => field(1, typeof it === "number" ? message(field(1, it)) : message(field(2, it))));
  const form = message(field(1, TYPES[type]), field(2, message(...dims)));
  return message(field(1, name), field(2, message(field(1, form))));
}

function message(...fields: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(fields.reduce((sum, one) => sum + one.length, 0));
  let place = 0;
  for (const one of fields) {
    whole.set(one, place);
    place += one.length;
  }
  return whole;
}

/** A whole number, or text or bytes with their length before them. */
function field(number: number, value: number | string | Uint8Array): Uint8Array {
  if (typeof value === "number") return Uint8Array.from([...varint(number << 3), ...varint(value)]);
  const bytes = typeof value === "string" ? new TextEncoder().encode(value) : value;
  return message(Uint8Array.from([...varint((number << 3) | 2), ...varint(bytes.length)]), bytes);
}

function float(number: number, value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setFloat32(0, value, true);
  return message(Uint8Array.from(varint((number << 3) | 5)), bytes);
}

/** 7 bits in a byte, the lowest first; no number here is negative or above 2^53. */
function varint(value: number): number[] {
  const bytes: number[] = [];
  for (let rest = value; ; rest = Math.floor(rest / 128)) {
    if (rest < 128) return [...bytes, rest];
    bytes.push((rest % 128) | 128);
  }
}
