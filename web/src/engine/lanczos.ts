/** Resizing with Lanczos' kernel of three lobes, as Pillow does it, whose pictures these are to equal. */
import type { Picture } from "./pixels";

const LOBES = 3;

export function resize(picture: Picture, width: number, height: number): Picture {
  if (width === picture.width && height === picture.height) return picture;
  return transposedResize(transposedResize(picture, width), height);
}

/** The width made another one, then rows and columns exchanged. */
function transposedResize(picture: Picture, width: number): Picture {
  const { width: before, height, data } = picture;
  const result = { width: height, height: width, data: new Uint8ClampedArray(4 * width * height) };
  weights(before, width).forEach(({ first, shares }, x) => {
    for (let y = 0; y < height; y += 1) {
      const from = 4 * (y * before + first);
      for (let channel = 0; channel < 4; channel += 1) {
        let sum = 0;
        for (let place = 0; place < shares.length; place += 1) {
          sum += (shares[place] ?? 0) * (data[from + 4 * place + channel] ?? 0);
        }
        result.data[4 * (x * height + y) + channel] = sum;
      }
    }
  });
  return result;
}

/** For each of the new pixels the first of the old ones that it shows, and the share of each. */
function weights(before: number, after: number): { first: number; shares: Float64Array }[] {
  const scale = before / after;
  const stretch = Math.max(scale, 1); // smaller pictures show all of the pixels
  return Array.from({ length: after }, (_, place) => {
    const centre = (place + 0.5) * scale;
    const first = Math.max(0, Math.floor(centre - LOBES * stretch + 0.5));
    const last = Math.min(before, Math.floor(centre + LOBES * stretch + 0.5));
    const shares = Float64Array.from({ length: last - first }, (_, i) => lanczos((first + i - centre + 0.5) / stretch));
    const sum = shares.reduce((total, one) => total + one, 0);
    return { first, shares: shares.map((one) => one / sum) };
  });
}

function lanczos(x: number): number {
  if (x <= -LOBES || x >= LOBES) return 0;
  return sinc(x) * sinc(x / LOBES);
}

function sinc(x: number): number {
  return x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x);
}
