/** Which of its two networks the worker paints with. */
import { readFileSync } from "node:fs";

import { afterEach, expect, test, vi } from "vitest";

import type { Answer, Order } from "../../src/engine/protocol";
import { smallNetwork } from "./files";

const NUMBERS = { full: 2 * (2 + 4 + 8 + 8 + 8 + 4 + 2), light: 2 * (2 + 8 + 8 + 8 + 2) };

// the same runtime, where it lies for these tests
vi.mock("onnxruntime-web/wasm", async () => ({ ...(await import("onnxruntime-web")), env: { wasm: {} } }));
// a graphics card that does the same until it fails, as its runtime tells
const FRESH = { opened: 0, closed: 0, done: 0, opensTill: Infinity, worksTill: Infinity, rightTill: Infinity };
const card = { ...FRESH };
vi.mock("onnxruntime-web/jspi", async () => {
  const { InferenceSession, Tensor } = await import("onnxruntime-web");
  const create = async (model: Uint8Array) => {
    if ((card.opened += 1) > card.opensTill) throw new Error("no such kernel");
    const session = await InferenceSession.create(model);
    return {
      run: async (feeds: Parameters<typeof session.run>[0]) => {
        if ((card.done += 1) > card.worksTill) throw new Error("device lost");
        const given = await session.run(feeds);
        if (card.done > card.rightTill) for (const { data } of Object.values(given)) (data as Float32Array).fill(NaN);
        return given;
      },
      release: async () => void (card.closed += 1),
    };
  };
  return { InferenceSession: { create }, Tensor, env: { wasm: {} } };
});
afterEach(() => void vi.unstubAllGlobals());

/** The browser lends a card that fails so late. */
function lendCard(fails: Partial<typeof card>, isFallbackAdapter = false): void {
  Object.assign(card, FRESH, fails);
  vi.stubGlobal("WebAssembly", Object.assign(Object.create(WebAssembly) as object, { Suspending: class {} }));
  vi.stubGlobal("navigator", { gpu: { requestAdapter: async () => ({ info: { isFallbackAdapter } }) } });
}

/** A worker that loads its networks; `light` is held back until the test lets it come, whole or not at all. */
async function started() {
  const answers: Answer[] = [];
  let arrived = (): void => {};
  const heard = async (there: (answer: Answer) => boolean): Promise<Answer> => {
    for (;;) {
      const found = answers.find(there);
      if (found) return found;
      await new Promise<void>((resolve) => (arrived = resolve));
    }
  };
  let letCome = (_: Response): void => {};
  const coming = new Promise<Response>((resolve) => (letCome = resolve));
  let order = (_: { data: Order }): void => {};
  vi.stubGlobal("addEventListener", (_: string, hear: typeof order) => (order = hear));
  vi.stubGlobal("crossOriginIsolated", false);
  vi.stubGlobal("fetch", async (file: string) => (file === "light" ? (await coming).clone() : new Response(smallNetwork(2, 1))));
  vi.stubGlobal("self", {
    postMessage: (answer: Answer) => {
      answers.push(answer);
      arrived();
    },
  });
  vi.resetModules();
  await import("../../src/engine/worker");
  order({ data: { kind: "start", network: "full", light: "light", runtime: "", gpu: true } });
  await heard(({ kind }) => kind === "started");
  let last = 0;
  /** What is painted with each network's numbers turned by so much; null as in wishes. */
  const paint = async (full: number, light: number | null): Promise<number[]> => {
    const id = (last += 1);
    const data = Uint8ClampedArray.from({ length: 4 * 20 * 20 }, (_, place) => (place % 4 === 3 ? 255 : (place * place) % 251));
    const wish = {
      numbers: numbers(NUMBERS.full, full),
      light: light === null ? null : numbers(NUMBERS.light, light),
      ...{ strength: 1, keepColours: false, marks: 1, live: true },
    };
    order({ data: { kind: "paint", id, picture: { width: 20, height: 20, data }, wish } });
    const answer = await heard((one) => (one.kind === "painted" || one.kind === "failed") && one.id === id);
    if (answer.kind !== "painted") throw new Error(JSON.stringify(answer));
    return [...answer.picture.data];
  };
  return { paint, letCome };
}

function numbers(length: number, turned: number): Float32Array {
  return Float32Array.from({ length }, (_, place) => Math.sin(place + turned));
}

test("the light network paints where a wish has numbers for it, else the full one", async () => {
  const { paint, letCome } = await started();
  letCome(new Response(readFileSync(new URL("light.safetensors", import.meta.url))));
  expect(await paint(0, 1)).toEqual(await paint(2, 1));
  expect(await paint(0, 1)).not.toEqual(await paint(0, 2));
  expect(await paint(0, null)).not.toEqual(await paint(2, null));
  expect(await paint(0, null)).not.toEqual(await paint(0, 1));
});

test("the page is ready, and paints at full size, before the light network is there", async () => {
  const { paint, letCome } = await started();
  const full = await paint(0, null);
  const preview = paint(0, 1);
  letCome(new Response(readFileSync(new URL("light.safetensors", import.meta.url))));
  expect(await preview).not.toEqual(full);
});

test.each([["missing", () => new Response(null, { status: 404 })], ["damaged", () => new Response("no network")]])(
  "a light network that is %s leaves all to the full one",
  async (_, found) => {
    const { paint, letCome } = await started();
    letCome(found());
    expect(await paint(0, 1)).toEqual(await paint(0, null));
  },
);

const PIECES = 8; // of the full network

test.each([
  ["is there", {}, 2 * PIECES],
  ["knows no kernel", { opensTill: 3 }, 0],
  ["fails when it is tried out", { worksTill: 3 }, 4],
  ["paints no numbers", { rightTill: 3 }, 4],
  ["is taken away", { worksTill: PIECES + 3 }, PIECES + 4],
])("the same is painted where a card %s", async (_, fails, done) => {
  const expected = await (await started()).paint(1, null);
  lendCard(fails);
  const { paint } = await started();
  expect(await paint(1, null)).toEqual(expected);
  expect(card.done).toBe(done);
  expect(await paint(1, null)).toEqual(expected);
  const failed = Object.keys(fails).length > 0; // it is not asked again, and has all of it back
  expect(card.done).toBe(failed ? done : done + PIECES);
  expect(card.closed).toBe(failed ? Math.min(card.opened, card.opensTill) : 0);
});

test("a card with too little memory for the light network too is left", async () => {
  const light = (): Response => new Response(readFileSync(new URL("light.safetensors", import.meta.url)));
  const without = await started();
  without.letCome(light());
  const expected = await without.paint(1, 1);
  lendCard({ opensTill: PIECES + 2 });
  const { paint, letCome } = await started();
  letCome(light());
  expect(await paint(1, 1)).toEqual(expected);
  expect(card.closed).toBe(PIECES + 2);
});

test("a card that is lost where the processor's runtime cannot be had is no matter of memory", async () => {
  lendCard({ worksTill: PIECES + 3 });
  Object.assign(navigator, { onLine: false });
  const { paint } = await started();
  vi.stubGlobal("fetch", async () => Promise.reject(new Error("no network")));
  for (let again = 0; again < 2; again += 1) await expect(paint(1, null)).rejects.toThrow('"missing":true');
});

test("a card that is none, but computes on the processor, is left alone", async () => {
  lendCard({}, true);
  const { paint } = await started();
  await paint(1, null);
  expect(card.opened).toBe(0);
});
