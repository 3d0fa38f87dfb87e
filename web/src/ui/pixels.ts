/** Pixels out of pictures, and into canvases. */
import { UserError } from "../engine/client";
import { strings } from "../strings";
import type { Size } from "./sizes";

const DRAWN = [40, 120, 200]; // red, green, blue

/** The source at that size; `mirrored` swaps left and right. */
export function pixelsOf(source: CanvasImageSource, { width, height }: Size, mirrored = false): ImageData {
  const canvas = document.createElement("canvas");
  try {
    draw(canvas, source, { width, height }, mirrored);
    return context(canvas).getImageData(0, 0, width, height);
  } catch {
    throw new UserError(strings.errors.memory);
  } finally {
    // Phones count canvases until they are collected; an empty one weighs nothing.
    canvas.width = canvas.height = 0;
  }
}

/**
 * Throws a UserError where a canvas cannot be that large, or gives other pixels than were drawn.
 *
 * Safari says nothing above its limit: it draws nothing, and all pixels are zeros. Browsers that hide who one is may give
 * made-up ones; those that only change them a little do no harm.
 */
export function requireCanvas({ width, height }: Size): void {
  const canvas = document.createElement("canvas");
  try {
    canvas.width = width;
    canvas.height = height;
    const pen = context(canvas);
    pen.fillStyle = `rgb(${DRAWN.join()})`;
    pen.fillRect(width - 1, height - 1, 1, 1);
    const { data } = pen.getImageData(width - 1, height - 1, 1, 1);
    if (data[3] === 0) throw new Error("nothing was drawn");
    if (DRAWN.some((value, place) => Math.abs(value - (data[place] as number)) > 8)) {
      throw new UserError(strings.errors.canvas);
    }
  } catch (error) {
    if (error instanceof UserError) throw error;
    throw new UserError(strings.errors.memory);
  } finally {
    canvas.width = canvas.height = 0;
  }
}

export function draw(canvas: HTMLCanvasElement, source: CanvasImageSource, size: Size, mirrored = false): void {
  canvas.width = size.width;
  canvas.height = size.height;
  const pen = context(canvas);
  pen.imageSmoothingQuality = "high";
  if (mirrored) {
    pen.translate(size.width, 0);
    pen.scale(-1, 1);
  }
  pen.drawImage(source, 0, 0, size.width, size.height);
}

export function put(canvas: HTMLCanvasElement, image: ImageData): void {
  if (canvas.width !== image.width || canvas.height !== image.height) {
    canvas.width = image.width;
    canvas.height = image.height;
  }
  context(canvas).putImageData(image, 0, 0);
}

export function context(canvas: HTMLCanvasElement): CanvasRenderingContext2D {
  const pen = canvas.getContext("2d");
  if (pen === null) throw new UserError(strings.errors.memory);
  return pen;
}
