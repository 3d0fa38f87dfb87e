import { describe, expect, test } from "vitest";

import { strings } from "../../src/strings";
import { FIRST_STATE, next, offers, status, type Happening, type State } from "../../src/ui/state";

const OPENED: Happening = { type: "opened", size: { width: 4000, height: 3000 } };
const after = (...events: Happening[]): State => events.reduce(next, FIRST_STATE);
const previewed: Happening[] = [
  { type: "ready" },
  { type: "opening" },
  OPENED,
  { type: "changed" },
  { type: "started", kind: "preview", coarser: true },
  { type: "finished" },
];
const full: Happening[] = [...previewed, { type: "started", kind: "full", coarser: false }];

describe("the way of a picture", () => {
  test("before there is one, nothing can be painted or saved", () => {
    const state = after({ type: "ready" });
    expect(offers(state)).toMatchObject({ paint: false, save: false, view: false, camera: true });
    expect(status(state).text).toBe(strings.status.noPicture);
  });

  test("while the styles are loaded, a picture is seen but not painted", () => {
    const state = after({ type: "opening" }, OPENED);
    expect(offers(state)).toMatchObject({ paint: false, save: false, view: true, camera: false });
    expect(status(state).text).toBe(strings.status.loading);
  });

  test("a preview can be painted at full size, and saved by way of that", () => {
    const state = after(...previewed);
    expect(state.painted).toBe("preview");
    expect(offers(state)).toMatchObject({ paint: true, save: true, cancel: false });
    expect(status(state).text).toBe(strings.status.previewFiner);
  });

  test("a full painting can only be cancelled, and says how far it is in tenths", () => {
    const state = after(...full, { type: "progress", share: 0.37 });
    expect(offers(state)).toMatchObject({ paint: false, save: false, cancel: true });
    expect(status(state).text).toBe(strings.status.full(0.3));
  });

  test("after it there is nothing more to paint, only to save", () => {
    const state = after(...full, { type: "finished" });
    expect(offers(state)).toMatchObject({ paint: false, save: true, cancel: false });
    expect(status(state).text).toContain(strings.status.fullDone(4000, 3000));
  });

  test("a change leads back to the preview", () => {
    const state = after(...full, { type: "finished" }, { type: "changed" });
    expect(state.painted).toBe("none");
    expect(offers(state).paint).toBe(true);
  });

  test("after cancelling, the preview is still there", () => {
    const state = after(...full, { type: "stopped", sentence: null });
    expect(state).toMatchObject({ work: "none", painted: "preview", notice: null });
  });

  test("while it is saved, it is not painted anew by a button", () => {
    const state = after(...full, { type: "finished" }, { type: "saving" });
    expect(offers(state)).toMatchObject({ paint: false, save: true });
    expect(next(state, { type: "said", sentence: "Saved.", error: false }).work).toBe("none");
  });
});

describe("what is said", () => {
  const refused: Happening = { type: "said", sentence: "No picture.", error: true };

  test("a refused picture leaves the one before, under the sentence", () => {
    const state = after(...previewed, { type: "opening" }, { type: "stopped", sentence: "No picture." });
    expect(status(state)).toEqual({ text: "No picture.", error: true });
    expect(state).toMatchObject({ work: "none", painted: "preview", picture: { width: 4000 } });
  });

  test("a damaged style file does not end a painting", () => {
    expect(after(...full, refused).work).toBe("full");
  });

  test("a preview that follows by itself does not wipe the sentence away, the next change does", () => {
    const state = after(...previewed, { type: "changed" }, refused, { type: "started", kind: "preview", coarser: true });
    expect(status(state).error).toBe(true);
    expect(status(next(state, { type: "changed" })).error).toBe(false);
  });

  test("what a style says that is dropped with a picture stays when that is open, and opening goes on", () => {
    const state = after({ type: "ready" }, { type: "opening" }, refused);
    expect(state.work).toBe("opening");
    expect(status(after({ type: "ready" }, { type: "opening" }, refused, OPENED)).text).toBe("No picture.");
  });

  test("styles that cannot be loaded end in a sentence, which stays", () => {
    const state = after({ type: "failed", sentence: "No WebAssembly." }, OPENED, { type: "changed" });
    expect(offers(state)).toMatchObject({ paint: false, camera: false });
    expect(status(state)).toEqual({ text: "No WebAssembly.", error: true });
  });
});

describe("the camera", () => {
  test("live, nothing else is painted or saved", () => {
    const state = after(...previewed, { type: "live" });
    expect(offers(state)).toMatchObject({ paint: false, save: false, view: true });
    expect(status(state).text).toBe(strings.status.live);
  });

  test("off, the picture before must be painted again", () => {
    expect(after(...previewed, { type: "live" }, { type: "dark" })).toMatchObject({ live: false, painted: "none" });
  });

  test("a snapshot is a picture like any other", () => {
    expect(after({ type: "ready" }, { type: "live" }, OPENED)).toMatchObject({ live: false, painted: "none" });
  });
});
