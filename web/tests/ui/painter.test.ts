import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";

import { Cancelled, UserError } from "../../src/engine/client";
import { strings } from "../../src/strings";
import { Painter, PAUSE, type Job } from "../../src/ui/painter";
import { FIRST_STATE, next, type Happening, type Kind } from "../../src/ui/state";

interface Run {
  kind: string;
  give: boolean | undefined;
  done(painting: ImageData): void;
  failed(error: Error): void;
  progress(share: number): void;
}

/** A painter whose engine is led by the test; as in the browser, aborted runs end as cancelled. */
function setUp() {
  const runs: Run[] = [];
  const shown: string[] = [];
  const page = { state: FIRST_STATE, picture: true };
  const image = (name: string) => ({ name }) as unknown as ImageData;
  const painter = new Painter({
    paint: (picture, _wish, progress, signal, give) =>
      new Promise((done, failed) => {
        signal?.addEventListener("abort", () => failed(new Cancelled()));
        const kind = (picture as unknown as { name: string }).name;
        runs.push({ kind, give, done, failed, progress: progress ?? (() => {}) });
      }),
    job: (kind: Kind) => (page.picture ? ({ picture: image(kind), wish: {}, give: kind === "full" } as Job) : null),
    show: (painting) => shown.push((painting as unknown as { name: string }).name),
    tell: (event: Happening) => (page.state = next(page.state, event)),
  });
  const run = (place: number): Run => {
    const found = runs[place];
    if (found === undefined) throw new Error(`there is no run ${place}`);
    return found;
  };
  return { painter, runs, run, shown, page, image };
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const pause = () => vi.advanceTimersByTimeAsync(PAUSE);
const settle = () => vi.advanceTimersByTimeAsync(0);

describe("previews", () => {
  test("of many quick changes one is painted", async () => {
    const { painter, runs } = setUp();
    for (let change = 0; change < 5; change += 1) painter.previewSoon();
    await pause();
    expect(runs.map(({ kind }) => kind)).toEqual(["preview"]);
  });

  test("a change aborts the one that is painted, and only the newest is shown", async () => {
    const { painter, run, shown, page, image } = setUp();
    painter.previewSoon();
    await pause();
    painter.previewSoon();
    await pause();
    run(0).done(image("old"));
    run(0).progress(0.5);
    run(1).done(image("new"));
    await settle();
    expect(shown).toEqual(["new"]);
    expect(page.state).toMatchObject({ work: "none", painted: "preview", notice: null });
  });

  test("an engine that ends late although aborted shows nothing", async () => {
    const { painter, run, shown, page, image } = setUp();
    painter.previewSoon();
    await pause();
    run(0).done(image("late"));
    painter.stop();
    await settle();
    expect(shown).toEqual([]);
    expect(page.state.painted).toBe("none");
  });

  test("without a picture nothing is painted", async () => {
    const { painter, runs, page } = setUp();
    page.picture = false;
    painter.previewSoon();
    await pause();
    expect(runs).toEqual([]);
    expect(page.state.work).toBe("none");
  });
});

describe("full paintings", () => {
  test("tell how far they are, and whether they are there", async () => {
    const { painter, run, shown, page, image } = setUp();
    const there = painter.full();
    run(0).progress(0.4);
    expect(page.state).toMatchObject({ work: "full", share: 0.4 });
    run(0).done(image("full"));
    expect(await there).toBe(true);
    expect(shown).toEqual(["full"]);
    expect(page.state.painted).toBe("full");
  });

  test("do not wait for a preview, which is not begun any more", async () => {
    const { painter, runs } = setUp();
    painter.previewSoon();
    void painter.full();
    await pause();
    expect(runs.map(({ kind }) => kind)).toEqual(["full"]);
  });

  test("get the picture's memory, which previews need again", async () => {
    const { painter, runs } = setUp();
    painter.previewSoon();
    await pause();
    void painter.full();
    expect(runs.map(({ kind, give }) => [kind, give])).toEqual([["preview", false], ["full", true]]);
  });

  test("are cancelled without a complaint", async () => {
    const { painter, page } = setUp();
    const there = painter.full();
    painter.cancel();
    expect(await there).toBe(false);
    expect(page.state).toMatchObject({ work: "none", painted: "none", notice: null });
  });

  test("end in the engine's sentence, or in one of the page", async () => {
    const { painter, run, page } = setUp();
    const silent = vi.spyOn(console, "error").mockImplementation(() => {});
    const first = painter.full();
    run(0).failed(new UserError("Too much."));
    expect(await first).toBe(false);
    expect(page.state.notice).toEqual({ text: "Too much.", error: true });
    const second = painter.full();
    run(1).failed(new RangeError("out of memory"));
    expect(await second).toBe(false);
    expect(page.state.notice?.text).toBe(strings.errors.painting);
    silent.mockRestore();
  });
});
