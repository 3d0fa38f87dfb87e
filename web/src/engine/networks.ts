/** The kinds of networks that the page can paint with, in pieces: the full one, `resnet`, and the light one, `light`. */
import { convolution, intoRange, upsampling, wideUpsampling } from "./layers";
import { type TensorFile, isRecord } from "./safetensors";
import { Maker, type Segment } from "./segments";

export interface Network {
  segments: readonly Segment[];
  /** How far an input pixel's influence goes, statistics aside, in pixels. */
  reach: number;
  /** Numbers of a style. */
  numbers: number;
}

interface Architecture {
  name: "resnet" | "light";
  width: number;
  blocks: number;
}

const HALVED = { strides: [2, 2] };

/** @throws Error if the file is neither a `resnet` with instance normalisation nor a `light`. */
export function cutNetwork(file: TensorFile): Network {
  const architecture = readArchitecture(file);
  const maker = new Maker(file);
  const reach = architecture.name === "light" ? cutLight(maker, architecture) : cutResnet(maker, architecture);
  return { segments: maker.segments, reach, numbers: maker.numbers };
}

/** @returns its reach, as everywhere. */
function cutResnet(maker: Maker, { width, blocks }: Architecture): number {
  maker.add(width, 1, convolution(maker, "downsample.0.1", "in"));
  maker.add(2 * width, 2, [...maker.relu(), ...convolution(maker, "downsample.3.1", "seen", HALVED)]);
  maker.add(4 * width, 4, [...maker.relu(), ...convolution(maker, "downsample.6.1", "seen", HALVED)]);
  cutBlocks(maker, 4 * width, blocks);
  maker.add(2 * width, 2, [...afterBlocks(maker, blocks), ...upsampling(maker, "upsample.0", "kept")]);
  maker.add(width, 1, [...maker.relu(), ...upsampling(maker, "upsample.3", "seen")]);
  const rgb = convolution(maker, "to_rgb.1", "seen", {}, "rgb");
  maker.add(3, 1, [...maker.relu(), ...rgb, ...intoRange(maker, "rgb")]);
  return 17 + 8 * blocks;
}

/** Nothing but the picture has the full resolution. */
function cutLight(maker: Maker, { width, blocks }: Architecture): number {
  maker.add(width, 2, convolution(maker, "downsample.0.1", "in", HALVED));
  maker.add(4 * width, 4, [...maker.relu(), ...convolution(maker, "downsample.3.1", "seen", HALVED)]);
  cutBlocks(maker, 4 * width, blocks);
  maker.add(width, 2, [...afterBlocks(maker, blocks), ...upsampling(maker, "upsample.0", "kept")]);
  const rgb = wideUpsampling(maker, "to_rgb", "seen", "rgb");
  maker.add(3, 1, [...maker.relu(), ...rgb, ...intoRange(maker, "rgb")]);
  return 12 + 8 * blocks;
}

function cutBlocks(maker: Maker, channels: number, blocks: number): void {
  for (let block = 0; block < blocks; block += 1) {
    const [name, before] = [`residual.${block}.body`, afterBlocks(maker, block)];
    maker.add(channels, 4, [...before, ...convolution(maker, `${name}.0.1`, "kept")], true);
    maker.add(channels, 4, [...maker.relu(), ...convolution(maker, `${name}.3.1`, "seen")]);
  }
}

/** What `kept` is after so many blocks. */
function afterBlocks(maker: Maker, blocks: number): ReturnType<Maker["sum"]> {
  return blocks === 0 ? maker.relu("kept") : maker.sum();
}

function readArchitecture({ metadata }: TensorFile): Architecture {
  const found: unknown = JSON.parse(metadata["architecture"] ?? "null");
  if (!isRecord(found)) throw new Error("no network");
  const { name, width, blocks } = found;
  const full = name === "resnet" && found["norm"] === "instance" && found["upsample"] === "nearest";
  if (!full && name !== "light") throw new Error("another kind of network");
  const whole = [width, blocks].every((it) => Number.isInteger(it) && Number(it) >= 0 && Number(it) <= 1024);
  if (!whole || typeof width !== "number" || typeof blocks !== "number" || width === 0) throw new Error("no network");
  return { name: full ? "resnet" : name, width, blocks };
}
