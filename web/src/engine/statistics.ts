/** Mean and variance of each channel over parts of a picture, taken together. */

export interface Statistics {
  pixels: number;
  mean: Float64Array;
  variance: Float64Array;
}

/** Of what counts of features `(C, H, W)`: from the left, upper to before the right, lower of their pixels. */
export function channelStatistics(
  features: Float32Array,
  channels: number,
  width: number,
  [left, upper, right, lower]: readonly [number, number, number, number],
): Statistics {
  const area = features.length / channels;
  const pixels = (right - left) * (lower - upper);
  const [mean, variance] = [new Float64Array(channels), new Float64Array(channels)];
  for (let channel = 0; channel < channels; channel += 1) {
    // numbers around one of them: a mean of squares less the squared mean loses digits far from 0
    const about = features[channel * area + upper * width + left] ?? 0;
    let [sum, squares] = [0, 0];
    for (let y = upper; y < lower; y += 1) {
      const row = channel * area + y * width;
      for (let place = row + left; place < row + right; place += 1) {
        const value = features[place]! - about; // the innermost loop of all
        sum += value;
        squares += value * value;
      }
    }
    mean[channel] = about + sum / pixels;
    variance[channel] = Math.max(0, squares / pixels - (sum / pixels) ** 2);
  }
  return { pixels, mean, variance };
}

/** Those of all parts together. */
export function together(parts: readonly Statistics[]): Statistics {
  const [first, ...rest] = parts;
  if (!first) throw new Error("no part");
  return rest.reduce((all, part) => {
    const pixels = all.pixels + part.pixels;
    const share = part.pixels / pixels;
    const mean = all.mean.map((value, channel) => value + share * ((part.mean[channel] ?? 0) - value));
    const variance = all.variance.map((value, channel) => {
      const apart = (part.mean[channel] ?? 0) - (all.mean[channel] ?? 0);
      return (1 - share) * value + share * (part.variance[channel] ?? 0) + share * (1 - share) * apart ** 2;
    });
    return { pixels, mean, variance };
  }, first);
}
