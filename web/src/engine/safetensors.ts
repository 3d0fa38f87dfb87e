/** Reads safetensors files: named arrays of numbers, and text about them. Nothing in them is run. */

export interface Tensor {
  shape: readonly number[];
  data: Float32Array;
}

export interface TensorFile {
  metadata: Readonly<Record<string, string>>;
  tensors: ReadonlyMap<string, Tensor>;
}

const LARGEST_HEADER = 1 << 20; // bytes

/** @throws Error if the bytes are no such file, or cut off. */
export function readTensors(bytes: ArrayBuffer): TensorFile {
  const view = new DataView(bytes);
  const length = Number(view.getBigUint64(0, true));
  if (length > Math.min(LARGEST_HEADER, bytes.byteLength - 8)) throw new Error("no header");
  const header: unknown = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes.slice(8, 8 + length)));
  if (!isRecord(header)) throw new Error("no header");
  const tensors = new Map<string, Tensor>();
  const data = bytes.slice(8 + length);
  const entries = Object.entries(header).filter(([name]) => name !== "__metadata__");
  const places = entries.map(([name, entry]) => ({ name, ...readEntry(entry) })).sort((a, b) => a.start - b.start);
  let end = 0;
  for (const place of places) {
    // without gaps, and none within another: a small file cannot stand for a large one
    if (place.start !== end) throw new Error("no place");
    end = place.end;
    tensors.set(place.name, { shape: place.shape, data: readNumbers(place.width, data.slice(place.start, end)) });
  }
  if (end !== data.byteLength) throw new Error("cut off");
  return { metadata: readMetadata(header["__metadata__"]), tensors };
}

function readMetadata(found: unknown): Record<string, string> {
  const metadata: Record<string, string> = {};
  for (const [key, value] of Object.entries(isRecord(found) ? found : {})) {
    if (typeof value === "string") metadata[key] = value;
  }
  return metadata;
}

function readEntry(entry: unknown): { shape: number[]; start: number; end: number; width: number } {
  if (!isRecord(entry)) throw new Error("no entry");
  const { dtype, shape, data_offsets: place } = entry;
  if (!isSizes(shape) || !isSizes(place) || place.length !== 2) throw new Error("no place");
  const [start, end] = place as [number, number];
  const count = shape.reduce((product, one) => product * one, 1);
  const width = dtype === "F16" ? 2 : dtype === "F32" ? 4 : 0;
  if (width === 0 || end - start !== count * width) throw new Error("no numbers");
  return { shape, start, end, width };
}

function readNumbers(width: number, raw: ArrayBuffer): Float32Array {
  return width === 4 ? new Float32Array(raw) : fromHalf(new Uint16Array(raw));
}

/** Half precision, as bits, to numbers. */
export function fromHalf(bits: Uint16Array): Float32Array {
  return Float32Array.from(bits, (half) => {
    const sign = half & 0x8000 ? -1 : 1;
    const exponent = (half >> 10) & 0x1f;
    const fraction = half & 0x3ff;
    if (exponent === 0) return sign * fraction * 2 ** -24;
    if (exponent === 0x1f) return fraction ? NaN : sign * Infinity;
    return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
  });
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isSizes(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((one) => Number.isSafeInteger(one) && one >= 0);
}
