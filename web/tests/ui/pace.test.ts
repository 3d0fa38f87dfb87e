import { describe, expect, test } from "vitest";

import { FIRST_PACES, nextPace, nextRate, type Pace } from "../../src/ui/pace";

/** The paces of a machine that takes so many seconds for a frame of 160, and more for more pixels. */
function follow(secondsAt160: number, frames: number, first = FIRST_PACES.full): Pace[] {
  const paces = [first];
  for (let frame = 0; frame < frames; frame += 1) {
    const pace = paces.at(-1) ?? first;
    paces.push(nextPace(pace, secondsAt160 * (pace.side / 160) ** 2));
  }
  return paces;
}

const secondsOf = (secondsAt160: number, pace?: Pace) => secondsAt160 * ((pace?.side ?? 0) / 160) ** 2;

describe("the size of the live frames", () => {
  test("a fast machine reaches the largest, which is larger with the light network", () => {
    expect(follow(0.005, 60).at(-1)?.side).toBe(480);
    expect(follow(0.005, 60, FIRST_PACES.light).at(-1)?.side).toBe(720);
  });

  test("a hopeless machine goes to the smallest at once", () => {
    expect(follow(8, 1).at(-1)?.side).toBe(96);
    expect(follow(8, 30).at(-1)?.side).toBe(96);
  });

  test.each([0.03, 0.06, 0.11, 0.2, 0.3, 0.49, 0.6, 0.9, 1.3])(
    "%d seconds for a frame of 160: two frames a second are held, and the size comes to rest",
    (seconds) => {
      const paces = follow(seconds, 80);
      expect(secondsOf(seconds, paces.at(-1))).toBeLessThanOrEqual(0.5);
      expect(new Set(paces.slice(-40).map((pace) => pace.side)).size).toBe(1);
    },
  );

  test("the first frame of a size, which prepares it, does not count", () => {
    const warm = nextPace(FIRST_PACES.full, 1.5);
    expect(warm.side).toBe(160);
    expect(nextPace(warm, 0.3)).toMatchObject({ side: 160, frames: 2, seconds: 0.3 });
  });

  test("it stays within its bounds and in steps of 16", () => {
    for (const seconds of [0.001, 0.04, 0.4, 0.7, 3]) {
      for (const { side } of follow(seconds, 60)) {
        expect(side % 16).toBe(0);
        expect(side).toBeGreaterThanOrEqual(96);
        expect(side).toBeLessThanOrEqual(480);
      }
    }
  });
});

test("the rate is smoothed, and a frame without measurable time is no infinity", () => {
  expect(nextRate(null, 0.5)).toBe(2);
  expect(nextRate(2, 0.25)).toBeCloseTo(2.4);
  expect(nextRate(null, 0)).toBe(1000);
});
