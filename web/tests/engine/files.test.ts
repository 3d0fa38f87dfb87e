import { describe, expect, test } from "vitest";

import { fromHalf, readTensors } from "../../src/engine/safetensors";
import { mix, readStyle } from "../../src/engine/style";
import { styleFile, tensorFile } from "./files";

describe("half precision", () => {
  test.each([
    [0x3c00, 1],
    [0xc000, -2],
    [0x3555, 0.333251953125],
    [0x0001, 2 ** -24],
    [0x7bff, 65504],
    [0x8000, -0],
    [0x7c00, Infinity],
    [0x7e00, NaN],
  ])("%s is %s", (bits, value) => {
    expect(fromHalf(Uint16Array.of(bits))[0]).toBe(value);
  });
});

describe("safetensors", () => {
  const whole = tensorFile({ kind: "text" }, { a: [1.5, -2, 3] });

  test("numbers and text are read", () => {
    const { metadata, tensors } = readTensors(whole);
    expect(metadata).toEqual({ kind: "text" });
    expect([...(tensors.get("a")?.data ?? [])]).toEqual([1.5, -2, 3]);
  });

  test.each([0, 7, 8, 40, whole.byteLength - 1])("a file cut off after %i bytes is none", (length) => {
    expect(() => readTensors(whole.slice(0, length))).toThrow();
  });

  test("numbers outside the file are none", () => {
    const header = JSON.stringify({ a: { dtype: "F32", shape: [3], data_offsets: [0, 12] } });
    const bytes = new Uint8Array(8 + header.length);
    new DataView(bytes.buffer).setBigUint64(0, BigInt(header.length), true);
    bytes.set(new TextEncoder().encode(header), 8);
    expect(() => readTensors(bytes.buffer)).toThrow();
  });
});

describe("style files", () => {
  test("are read", async () => {
    const style = await readStyle(new Blob([styleFile({ name: "blue", title: "Blue", year: 3 }, [1, 2])]));
    expect(style).toMatchObject({ name: "blue", title: "Blue", artist: "", year: "", network: "n", thumbnail: null });
    expect([...style.numbers]).toEqual([1, 2]);
  });

  test.each([
    ["without a name", { title: "Blue" }, [1]],
    ["with numbers that are none", { name: "blue" }, [NaN]],
  ])("%s are refused", async (_, facts, numbers) => {
    await expect(readStyle(new Blob([styleFile(facts, numbers)]))).rejects.toThrow();
  });

  test("far too large ones are not even looked at", async () => {
    await expect(readStyle(new Blob([new Uint8Array(2 ** 18 + 1)]))).rejects.toThrow("too large");
  });

  test("a mixture lies between, in the light network where both are in it", () => {
    const a = { numbers: Float32Array.of(0, 10), light: Float32Array.of(8) };
    const b = { numbers: Float32Array.of(4, 0), light: Float32Array.of(0) };
    expect(mix(a, b, 0.25)).toEqual({ numbers: Float32Array.of(1, 7.5), light: Float32Array.of(6) });
    expect(mix(a, { ...b, light: null }, 0.25).light).toBeNull();
    expect(mix({ ...a, light: null }, b, 0.25).light).toBeNull();
  });
});
