/** What the page and its worker say to each other. */
import type { Picture } from "./pixels";
import type { Numbers } from "./style";

/** Pixels of a picture: fine marks of a larger one would take all memory. */
export const MOST_PIXELS = 50e6;
/** Pixels of a side: what the network takes. */
export const LEAST_SIDE = 16;

/** The numbers are those of a style or a mixture; `networkOf` them paints. */
export interface Wish extends Numbers {
  /** Of the painted picture over the photograph, 0 to 1. */
  strength: number;
  /** Light and dark are painted, the colours are the photograph's. */
  keepColours: boolean;
  /** Size of the marks, as a factor. */
  marks: number;
  /** Seen for a moment only: painted faster, with a frame along its edges. */
  live: boolean;
}

/** Where the worker finds what it paints with. */
export interface Files {
  network: string;
  light: string | null;
  /** The folder of the runtime. */
  runtime: string;
  /** Whether the one for graphics cards is there too. */
  gpu: boolean;
}

export type Order =
  | ({ kind: "start" } & Files)
  | { kind: "paint"; id: number; picture: Picture; wish: Wish }
  | { kind: "cancel"; id: number };

/** `missing`: a file of what paints could not be had. */
export type Answer =
  | { kind: "started"; numbers: number }
  | { kind: "progress"; id: number; share: number }
  | { kind: "painted"; id: number; picture: Picture }
  | { kind: "cancelled"; id: number }
  | { kind: "failed"; id: number | null; missing: boolean; message: string };
