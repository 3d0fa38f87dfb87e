/** The picture that is painted: opened from a file, or a moment of the camera. */
import { UserError } from "../engine/client";
import { strings } from "../strings";
import { pixelsOf } from "./pixels";
import { previewSize, refusal, type Size } from "./sizes";

export class Picture implements Size {
  readonly name: string;
  readonly width: number;
  readonly height: number;
  /** The decoded picture; pixels at full size are only taken out of it while they are painted. */
  readonly bitmap: ImageBitmap;
  readonly preview: ImageData;

  constructor(name: string, bitmap: ImageBitmap) {
    const sentence = refusal(bitmap);
    if (sentence !== null) throw new UserError(sentence);
    this.name = name;
    this.bitmap = bitmap;
    this.width = bitmap.width;
    this.height = bitmap.height;
    this.preview = pixelsOf(bitmap, previewSize(bitmap));
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
  let bitmap: ImageBitmap;
  const sentence = refusal(await announcedSize(file, name));
  if (sentence !== null) throw new UserError(sentence);
  try {
    bitmap = await createImageBitmap(file, { imageOrientation: "from-image" });
  } catch {
    throw new UserError(strings.errors.notAPicture(name));
  }
  try {
    return new Picture(name, bitmap);
  } catch (error) {
    bitmap.close();
    throw error;
  }
}

/** The size in the file's head: a small file may announce more pixels than fit into memory. */
function announcedSize(file: File, name: string): Promise<Size> {
  const url = URL.createObjectURL(file);
  const image = new Image();
  return new Promise<Size>((resolve, reject) => {
    const refuse = () => reject(new UserError(strings.errors.notAPicture(name)));
    image.onerror = refuse;
    image.onload = () => {
      if (image.naturalWidth === 0) refuse();
      else resolve({ width: image.naturalWidth, height: image.naturalHeight });
    };
    image.src = url;
  }).finally(() => URL.revokeObjectURL(url));
}
