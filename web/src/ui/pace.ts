/** How large the frames of the live camera are painted: as large as the machine keeps up with. */
import type { NetworkName } from "../engine/client";

export interface Pace {
  /** The short side of the frames. */
  side: number;
  /** What that grows to at most. */
  largest: number;
  /** How many frames of this size have been painted. */
  frames: number;
  /** Smoothed seconds for one of them. */
  seconds: number;
}

export const FIRST_PACES: Readonly<Record<NetworkName, Pace>> = {
  full: { side: 160, largest: 480, frames: 0, seconds: 0 },
  light: { side: 240, largest: 720, frames: 0, seconds: 0 },
};
const SMALLEST = 96;
const STEP = 16;
/** Two frames a second are the least. */
const SLOW = 0.5;
/** One step of growth costs half as much again and more, which must stay well below SLOW. */
const QUICK = 0.25;
const GROWTH = 1.25;
/** What a frame may cost that shrank: a little less than the least, so that the size rests. */
const AIM = 0.4;
const LEAST_FRAMES = 4;

/** The pace after a frame that took so many seconds. */
export function nextPace(pace: Pace, seconds: number): Pace {
  // The first frame of a size also pays for preparing it, so only a hopeless one counts.
  const first = pace.frames === 0;
  if (first && seconds < 4 * SLOW) return { ...pace, frames: 1 };
  const mean = pace.frames <= 1 ? seconds : 0.6 * pace.seconds + 0.4 * seconds;
  const side = sideFor(pace, mean, pace.frames + 1 >= LEAST_FRAMES);
  return side === pace.side
    ? { ...pace, frames: pace.frames + 1, seconds: mean }
    : { ...pace, side, frames: 0, seconds: 0 };
}

function sideFor({ side, largest }: Pace, seconds: number, mayGrow: boolean): number {
  if (seconds > SLOW) {
    const fitting = Math.floor((side * Math.sqrt(AIM / seconds)) / STEP) * STEP;
    return Math.max(SMALLEST, Math.min(side - STEP, fitting));
  }
  if (seconds < QUICK && mayGrow) return Math.min(largest, Math.floor((side * GROWTH) / STEP) * STEP);
  return side;
}

/** Smoothed frames a second; `before` is null at the first frame. */
export function nextRate(before: number | null, seconds: number): number {
  const rate = 1 / Math.max(seconds, 1e-3);
  return before === null ? rate : 0.8 * before + 0.2 * rate;
}
