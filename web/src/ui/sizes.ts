/** How large pictures may be, and how large they are painted and shown. */
import { LEAST_SIDE, MOST_PIXELS, type NetworkName } from "../engine/client";
import { strings } from "../strings";

export interface Size {
  width: number;
  height: number;
}

/** By the network that paints it: the light one is several times as fast. */
const PREVIEW_SHORT = { full: 320, light: 512 };
/** So that the preview of a long strip is quick too. */
const PREVIEW_LONG = 1280;
/** Below this factor of what is wanted marks look larger than they will be. */
const COARSER = 0.7;
/** The photograph beside the painting is only looked at: no screen needs more. */
const SHOWN_LONG = 2048;

/** The sentence why a picture of this size is not taken, or null. */
export function refusal({ width, height }: Size): string | null {
  if (Math.min(width, height) < LEAST_SIDE) return strings.errors.tooSmall(width, height, LEAST_SIDE);
  if (width * height > MOST_PIXELS) return strings.errors.tooLarge(width, height, MOST_PIXELS);
  return null;
}

/** @param by the network that paints it. */
export function previewSize(size: Size, by: NetworkName): Size {
  const { short, long } = sides(size);
  return scaled(size, Math.min(1, PREVIEW_SHORT[by] / short, PREVIEW_LONG / long));
}

export function shownSize(size: Size): Size {
  return scaled(size, Math.min(1, SHOWN_LONG / sides(size).long));
}

export function withShortSide(size: Size, side: number): Size {
  return scaled(size, Math.min(1, side / sides(size).short));
}

/**
 * The size of the marks in a preview that looks like the picture at full size, or as much like it as its few pixels can:
 * marks of large pictures are too fine for it.
 */
export function previewMarks(size: Size, marks: number, by: NetworkName): { marks: number; coarser: boolean } {
  const wanted = (marks * sides(previewSize(size, by)).short) / sides(size).short;
  return { marks: Math.max(1, wanted), coarser: wanted < COARSER };
}

function sides({ width, height }: Size): { short: number; long: number } {
  return { short: Math.min(width, height), long: Math.max(width, height) };
}

function scaled({ width, height }: Size, factor: number): Size {
  const side = (length: number) => Math.max(Math.min(LEAST_SIDE, length), Math.round(length * factor));
  return { width: side(width), height: side(height) };
}
