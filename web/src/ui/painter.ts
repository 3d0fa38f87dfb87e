/** Paints the picture again whenever something changes: one painting at a time, the newest wins. */
import { Cancelled, UserError, type Engine, type Wish } from "../engine/client";
import { strings } from "../strings";
import type { Happening, Kind } from "./state";

/** Changes that follow each other faster than this, in milliseconds, are one. */
export const PAUSE = 100;

export interface Job {
  picture: ImageData;
  wish: Wish;
  /** Whether its marks look larger than those of the painting that is wanted. */
  coarser: boolean;
  /** Whether the picture was made for this painting alone: its memory goes to the engine. */
  give: boolean;
}

export interface Parts {
  paint: Engine["paint"];
  /** What there is to paint now, or null. */
  job(kind: Kind): Job | null;
  show(painting: ImageData): void;
  tell(event: Happening): void;
}

export class Painter {
  readonly #parts: Parts;
  #run: AbortController | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** Ends what is being painted; nothing of it is shown or told any more. */
  stop(): void {
    clearTimeout(this.#timer);
    this.#run?.abort();
    this.#run = null;
  }

  /** After a change of the person's, or of the page's own: then what is said stays. */
  previewSoon(changed = true): void {
    this.stop();
    if (changed) this.#parts.tell({ type: "changed" });
    this.#timer = setTimeout(() => void this.#paint("preview"), PAUSE);
  }

  /** Resolves to whether the painting is there. */
  full(): Promise<boolean> {
    this.stop();
    return this.#paint("full");
  }

  /** Ends the full painting; the preview stays. */
  cancel(): void {
    this.stop();
    this.#parts.tell({ type: "stopped", sentence: null });
  }

  async #paint(kind: Kind): Promise<boolean> {
    const { paint, job, show, tell } = this.#parts;
    const run = new AbortController();
    const current = () => this.#run === run;
    this.#run = run;
    try {
      const todo = job(kind);
      if (todo === null) return false;
      tell({ type: "started", kind, coarser: todo.coarser });
      const progress = (share: number) => {
        if (current()) tell({ type: "progress", share });
      };
      const painting = await paint(todo.picture, todo.wish, progress, run.signal, todo.give);
      if (!current()) return false;
      show(painting);
      tell({ type: "finished" });
      return true;
    } catch (error) {
      if (current()) tell({ type: "stopped", sentence: sentenceOf(error) });
      return false;
    } finally {
      if (current()) this.#run = null;
    }
  }
}

/** What to say to the person about an error; nothing where it was the person who cancelled. */
export function sentenceOf(error: unknown, otherwise: string = strings.errors.painting): string | null {
  if (error instanceof Cancelled) return null;
  if (error instanceof UserError) return error.message;
  console.error(error);
  return otherwise;
}
