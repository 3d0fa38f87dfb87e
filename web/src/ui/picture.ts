/** The picture that is painted: opened from a file, or a moment of the camera. */
import { type NetworkName, UserError } from "../engine/client";
import { strings } from "../strings";
import { pixelsOf, requireCanvas } from "./pixels";
import { previewSize, refusal, type Size } from "./sizes";

export class Picture implements Size {
  readonly name: string;
  readonly width: number;
  readonly height: number;
  /** The decoded picture; pixels at full size are only taken out of it while they are painted. */
  readonly bitmap: ImageBitmap;
  readonly #previews = new Map<NetworkName, ImageData>();

  constructor(name: string, bitmap: ImageBitmap) {
    const sentence = refusal(bitmap);
    if (sentence !== null) throw new UserError(sentence);
    this.name = name;
    this.bitmap = bitmap;
    this.width = bitmap.width;
    this.height = bitmap.height;
  }

  /** As many pixels as that network paints in a moment; they are kept, as previews follow each other. */
  preview(by: NetworkName): ImageData {
    const pixels = this.#previews.get(by) ?? pixelsOf(this.bitmap, previewSize(this, by));
    this.#previews.set(by, pixels);
    return pixels;
  }

  full(): ImageData {
    return pixelsOf(this.bitmap, this);
  }

  close(): void {
    this.bitmap.close();
  }
}

/**
 * Opens a picture file, upright as its EXIF data says.
 *
 * Throws a UserError where it is no picture, or too large or too small.
 */
export async function openPicture(file: File): Promise<Picture> {
  const name = file.name || strings.files.picture;
  const image = new Image();
  const url = URL.createObjectURL(file);
  let bitmap: ImageBitmap;
  try {
    bitmap = await decoded(image, url);
  } catch (error) {
    throw error instanceof UserError ? error : new UserError(strings.errors.notAPicture(name));
  } finally {
    // Else its pixels may stay beside those of the bitmap until it is collected.
    image.removeAttribute("src");
    URL.revokeObjectURL(url);
  }
  try {
    return new Picture(name, bitmap);
  } catch (error) {
    bitmap.close();
    throw error;
  }
}

/** Through an image element: that is upright in every browser, and the older ones know no option for it. */
async function decoded(image: HTMLImageElement, url: string): Promise<ImageBitmap> {
  await new Promise((resolve, reject) => {
    image.onload = resolve;
    image.onerror = reject;
    image.src = url;
  });
  // Only the file's head is read as yet: a small file may announce more pixels than fit into memory.
  const size = { width: image.naturalWidth, height: image.naturalHeight };
  if (size.width === 0 || size.height === 0) throw new Error("a drawing without a size");
  const sentence = refusal(size);
  if (sentence !== null) throw new UserError(sentence);
  requireCanvas(size);
  return createImageBitmap(image);
}
