/** Styles as files of a few kilobytes. */
import { isRecord, readTensors } from "./safetensors";

/** What a style is to the networks: scale and shift of each channel that they normalise. */
export interface Numbers {
  numbers: Float32Array;
  /** Those of the light network; null where the style is not in it. */
  light: Float32Array | null;
}

export type NetworkName = "full" | "light";

/** The network that paints: the light one, where there are numbers for it. */
export function networkOf({ light }: Numbers): NetworkName {
  return light === null ? "full" : "light";
}

export interface Style extends Numbers {
  name: string;
  title: string;
  artist: string;
  year: string;
  /** A photograph painted in it, 64x64 pixels. */
  thumbnail: Blob | null;
  /** Fingerprint of the network that it belongs to. */
  network: string;
}

const LARGEST = 2 ** 18; // bytes of a file
const LONGEST = 200; // letters of a title
const NAME = /^[\p{L}\p{N}_-]{1,64}$/u; // what may be part of the name of a file

/** As one without a light version. @throws Error if the file is none, cut off or damaged. */
export async function readStyle(file: Blob): Promise<Style> {
  if (file.size > LARGEST) throw new Error("too large");
  const { metadata, tensors } = readTensors(await file.arrayBuffer());
  const facts: unknown = JSON.parse(metadata["style"] ?? "null");
  const found = tensors.get("numbers");
  if (metadata["format"] !== "fastnst style" || !isRecord(facts) || !found) {
    throw new Error("no style");
  }
  const name = facts["name"];
  if (typeof name !== "string" || !NAME.test(name)) throw new Error("no name");
  if (found.shape.length !== 1 || !found.data.every(Number.isFinite)) throw new Error("no numbers");
  const text = (key: string): string => (typeof facts[key] === "string" ? facts[key].slice(0, LONGEST) : "");
  const picture = metadata["thumbnail"];
  return {
    name,
    title: text("title") || name,
    artist: text("artist"),
    year: text("year"),
    numbers: found.data,
    light: null,
    thumbnail: picture === undefined ? null : new Blob([bytesOf(picture)], { type: "image/webp" }),
    network: metadata["network"] ?? "",
  };
}

/** What base64 stands for. @throws Error if it is none. */
function bytesOf(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
}

/** The style between two: a share of the second, 0 to 1. It is in the light network where both are. */
export function mix(a: Numbers, b: Numbers, share: number): Numbers {
  const light = a.light && b.light && between(a.light, b.light, share);
  return { numbers: between(a.numbers, b.numbers, share), light };
}

function between(a: Float32Array, b: Float32Array, share: number): Float32Array {
  return a.map((value, place) => value + share * ((b[place] ?? value) - value));
}
