/** Small files as fastnst writes them. */

export function tensorFile(
  metadata: Record<string, string>,
  tensors: Record<string, { shape: number[]; values: ArrayLike<number> } | number[]>,
): ArrayBuffer {
  const header: Record<string, unknown> = { __metadata__: metadata };
  const parts: Float32Array[] = [];
  let place = 0;
  for (const [name, it] of Object.entries(tensors)) {
    const [shape, values] = Array.isArray(it) ? [[it.length], it] : [it.shape, it.values];
    header[name] = { dtype: "F32", shape, data_offsets: [place, place + 4 * values.length] };
    parts.push(Float32Array.from(values));
    place += 4 * values.length;
  }
  const text = new TextEncoder().encode(JSON.stringify(header));
  const bytes = new Uint8Array(8 + text.length + place);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(text.length), true);
  bytes.set(text, 8);
  let at = 8 + text.length;
  for (const part of parts) {
    bytes.set(new Uint8Array(part.buffer), at);
    at += part.byteLength;
  }
  return bytes.buffer;
}

export function styleFile(facts: Record<string, unknown>, numbers: number[]): ArrayBuffer {
  return tensorFile({ format: "fastnst style", style: JSON.stringify(facts), network: "n" }, { numbers });
}

/** A `resnet` of a few channels with weights that only look random. */
export function smallNetwork(width: number, blocks: number): ArrayBuffer {
  const tensors: Record<string, { shape: number[]; values: Float32Array }> = {};
  let seed = 1;
  const random = (): number => {
    seed = (seed * 48271) % 2147483647;
    return seed / 2147483647 - 0.5;
  };
  const add = (name: string, outputs: number, inputs: number, side: number): void => {
    const count = outputs * inputs * side * side;
    tensors[`${name}.weight`] = {
      shape: [outputs, inputs, side, side],
      values: Float32Array.from({ length: count }, () => random() / Math.sqrt(inputs * side * side)),
    };
    tensors[`${name}.bias`] = { shape: [outputs], values: Float32Array.from({ length: outputs }, random) };
  };
  add("downsample.0.1", width, 3, 9);
  add("downsample.3.1", 2 * width, width, 3);
  add("downsample.6.1", 4 * width, 2 * width, 3);
  for (let block = 0; block < blocks; block += 1) {
    for (const place of [0, 3]) add(`residual.${block}.body.${place}.1`, 4 * width, 4 * width, 3);
  }
  add("upsample.0", 2 * width, 4 * width, 3);
  add("upsample.3", width, 2 * width, 3);
  add("to_rgb.1", 3, width, 9);
  const architecture = JSON.stringify({ name: "resnet", width, blocks, norm: "instance", upsample: "nearest" });
  return tensorFile({ format: "fastnst", architecture }, tensors);
}
