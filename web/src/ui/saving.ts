/** The painting as a file. */
import { UserError } from "../engine/client";
import { strings } from "../strings";
import { context } from "./pixels";

export type Ending = "png" | "jpg";

const JPEG_QUALITY = 0.95;

export async function save(painting: HTMLCanvasElement, ending: Ending, name: string): Promise<void> {
  const blob = await (ending === "png" ? encoded(painting, "image/png") : jpeg(painting));
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  // Some browsers read the address only after the click has returned.
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

/** JPEG knows no transparency: white is behind. */
async function jpeg(painting: HTMLCanvasElement): Promise<Blob> {
  const canvas = document.createElement("canvas");
  canvas.width = painting.width;
  canvas.height = painting.height;
  const pen = context(canvas);
  pen.fillStyle = "white";
  pen.fillRect(0, 0, canvas.width, canvas.height);
  pen.drawImage(painting, 0, 0);
  try {
    return await encoded(canvas, "image/jpeg");
  } finally {
    canvas.width = canvas.height = 0;
  }
}

function encoded(canvas: HTMLCanvasElement, type: string): Promise<Blob> {
  return new Promise((resolve, reject) => {
    const done = (blob: Blob | null) => {
      if (blob === null) reject(new UserError(strings.errors.saving));
      else resolve(blob);
    };
    canvas.toBlob(done, type, JPEG_QUALITY);
  });
}
