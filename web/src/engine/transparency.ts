/** What the network sees of a picture with transparency, as `fastnst.stylizing` shows it. */
import { resize } from "./lanczos";
import type { Picture } from "./pixels";

const RADII = [1, 2, 4, 8]; // pixels: how far colours go into what is transparent, step by step
const FEWEST = 16; // of 255: share of a neighbourhood that has to have colours; of fewer 8 bits are few

/**
 * A picture at the size to paint at, without transparency.
 *
 * What is translucent has its own colours, as its transparency comes back in the end; what is wholly transparent is white, but
 * near to colours.
 */
export function shown(picture: Picture, width: number, height: number): Picture {
  if (isOpaque(picture.data)) return resize(picture, width, height);
  const same = width === picture.width && height === picture.height;
  const seen = same ? { ...picture, data: picture.data.slice() } : divided(resize(multiplied(picture), width, height));
  spread(seen);
  for (let place = 0; place < seen.data.length; place += 4) {
    if (seen.data[place + 3] === 0) seen.data.fill(255, place, place + 4);
  }
  return seen;
}

function isOpaque(data: Uint8ClampedArray): boolean {
  for (let place = 3; place < data.length; place += 4) {
    if (data[place] !== 255) return false;
  }
  return true;
}

/** Colours times transparency, which is how they are averaged. */
function multiplied(picture: Picture): Picture {
  const data = picture.data.slice();
  for (let place = 0; place < data.length; place += 4) {
    const alpha = (data[place + 3] ?? 0) / 255;
    for (let colour = 0; colour < 3; colour += 1) data[place + colour] = alpha * (data[place + colour] ?? 0);
  }
  return { ...picture, data };
}

/** The other way round, in place. */
function divided(picture: Picture): Picture {
  const { data } = picture;
  for (let place = 0; place < data.length; place += 4) {
    const alpha = data[place + 3] ?? 0;
    if (alpha === 0 || alpha === 255) continue;
    for (let colour = 0; colour < 3; colour += 1) data[place + colour] = Math.floor((255 * (data[place + colour] ?? 0)) / alpha);
  }
  return picture;
}

/** Make opaque what is not wholly transparent, and let its colours go on into that, in place. */
function spread(picture: Picture): void {
  const { data } = picture;
  for (let place = 3; place < data.length; place += 4) {
    if (data[place] !== 0) data[place] = 255;
  }
  for (const radius of RADII) {
    const near = divided(blurred(blurred(multiplied(picture), radius), radius));
    for (let place = 0; place < data.length; place += 4) {
      if (data[place + 3] !== 0 || (near.data[place + 3] ?? 0) < FEWEST) continue;
      data.set(near.data.subarray(place, place + 3), place);
      data[place + 3] = 255;
    }
  }
}

/** Means of so many pixels to both sides along each row, then rows and columns exchanged. */
function blurred({ width, height, data }: Picture, radius: number): Picture {
  const result = { width: height, height: width, data: new Uint8ClampedArray(data.length) };
  const count = 2 * radius + 1;
  for (let y = 0; y < height; y += 1) {
    for (let channel = 0; channel < 4; channel += 1) {
      const at = (x: number): number => data[4 * (y * width + Math.min(Math.max(x, 0), width - 1)) + channel] ?? 0;
      let sum = 0;
      for (let x = -radius; x < radius; x += 1) sum += at(x);
      for (let x = 0; x < width; x += 1) {
        sum += at(x + radius);
        result.data[4 * (x * height + y) + channel] = sum / count;
        sum -= at(x - radius);
      }
    }
  }
  return result;
}
