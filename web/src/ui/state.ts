/** What the page is doing: one state, and how each happening changes it. */
import { strings } from "../strings";
import type { Size } from "./sizes";

export type Kind = "preview" | "full";

export interface State {
  engine: "loading" | "ready" | "failed";
  picture: Size | null;
  work: "none" | "opening" | "saving" | Kind;
  /** Whether the marks of a preview look larger than those at full size will. */
  coarser: boolean;
  /** How much of the work is done, 0 to 1. */
  share: number;
  /** The painting that agrees with the controls. */
  painted: "none" | Kind;
  live: boolean;
  /** Why the painter did not start. */
  failure: string;
  /** A sentence that stays until the person does something else. */
  notice: { text: string; error: boolean } | null;
}

export type Happening =
  | { type: "ready" | "opening" | "changed" | "finished" | "saving" | "live" | "dark" }
  | { type: "failed"; sentence: string }
  | { type: "opened"; size: Size }
  | { type: "started"; kind: Kind; coarser: boolean }
  | { type: "progress"; share: number }
  | { type: "stopped"; sentence: string | null }
  | { type: "said"; sentence: string; error: boolean };

export const FIRST_STATE: State = {
  engine: "loading",
  picture: null,
  work: "none",
  coarser: false,
  share: 0,
  painted: "none",
  live: false,
  failure: "",
  notice: null,
};

export function next(state: State, event: Happening): State {
  switch (event.type) {
    case "ready":
      return { ...state, engine: "ready" };
    case "failed":
      return { ...state, engine: "failed", failure: event.sentence };
    case "opening":
      return { ...state, work: "opening", notice: null };
    case "opened":
      // What a style said that was dropped with it stays.
      return { ...state, picture: event.size, work: "none", painted: "none", live: false };
    case "changed":
      return { ...state, work: "none", painted: "none", notice: null };
    case "started":
      // A preview follows a change by itself and must not wipe away what was said meanwhile.
      return { ...state, work: event.kind, coarser: event.coarser, share: 0, notice: event.kind === "full" ? null : state.notice };
    case "progress":
      return { ...state, share: event.share };
    case "finished":
      return isKind(state.work) ? { ...state, work: "none", painted: state.work } : state;
    case "saving":
      return { ...state, work: "saving", notice: null };
    case "stopped":
      return {
        ...state,
        work: "none",
        notice: event.sentence === null ? state.notice : { text: event.sentence, error: true },
      };
    case "said":
      // Saving ends with a sentence; opening and painting go on under it.
      return {
        ...state,
        work: state.work === "saving" ? "none" : state.work,
        notice: { text: event.sentence, error: event.error },
      };
    case "live":
      return { ...state, live: true, work: "none", painted: "none", notice: null };
    case "dark":
      return { ...state, live: false };
  }
}

/** What can be pressed and seen now. */
export function offers(state: State) {
  const free = state.engine === "ready" && state.picture !== null && !state.live;
  const resting = free && (state.work === "none" || state.work === "preview");
  return {
    paint: resting && state.painted !== "full",
    // Also while it is saved, so that the button keeps the focus.
    save: resting || (free && state.work === "saving"),
    cancel: state.work === "full",
    camera: state.engine === "ready",
    view: state.live || state.picture !== null,
  };
}

export function status(state: State): { text: string; error: boolean } {
  if (state.notice !== null) return state.notice;
  if (state.engine === "failed") return { text: state.failure, error: true };
  return { text: sentence(state), error: false };
}

function sentence({ engine, picture, work, coarser, share, painted, live }: State): string {
  const say = strings.status;
  if (work === "opening") return say.opening;
  if (live) return say.live;
  if (engine === "loading") return say.loading;
  if (picture === null) return say.noPicture;
  if (work === "preview") return say.preview;
  if (work === "saving") return say.saving;
  // In tenths: a screen reader says every change.
  if (work === "full") return say.full(Math.floor(share * 10 + 1e-9) / 10);
  if (painted === "full") return say.fullDone(picture.width, picture.height);
  if (painted === "none") return "";
  return coarser ? say.previewFiner : say.previewDone;
}

function isKind(work: State["work"]): work is Kind {
  return work === "preview" || work === "full";
}
