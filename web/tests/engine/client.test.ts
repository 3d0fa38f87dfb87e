/** What the page loads when it starts, from a site and with a worker of the test. */
import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { Engine } from "../../src/engine/client";
import type { Answer, Order } from "../../src/engine/protocol";
import { styleFile } from "./files";

const BASE = new URL("https://host/page/");
const FULL = { network: "full.safetensors", fingerprint: "n", styles: ["a b.st", "c.st"] };
const LIGHT = { network: "light.safetensors", fingerprint: "n", styles: ["c.st"] };

const files = new Map<string, BodyInit>();
const orders: Order[] = [];
const STARTED: Answer = { kind: "started", numbers: 2 };
let said: Answer = STARTED; // by the worker, once it has its order

class FakeWorker {
  #hear = (_: { data: Answer }): void => {};
  addEventListener(kind: string, hear: (event: { data: Answer }) => void): void {
    if (kind === "message") this.#hear = hear;
  }
  postMessage(order: Order): void {
    orders.push(order);
    queueMicrotask(() => this.#hear({ data: said }));
  }
}

beforeEach(() => {
  orders.length = 0;
  said = STARTED;
  files.clear();
  files.set("styles/a%20b.st", styleFile({ name: "a" }, [1, 2]));
  files.set("styles/c.st", styleFile({ name: "c" }, [3, 4]));
  files.set("styles/light/c.st", styleFile({ name: "c" }, [5]));
  vi.stubGlobal("Worker", FakeWorker);
  vi.stubGlobal("fetch", async (address: URL) => {
    const body = files.get(address.href.replace(BASE.href, ""));
    return body === undefined ? new Response(null, { status: 404 }) : new Response(body);
  });
});
afterEach(() => {
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

async function started(index: object): Promise<[string, number[], number[] | null][]> {
  files.set("styles/index.json", JSON.stringify(index));
  const { styles } = await Engine.start(BASE);
  return styles.map(({ name, numbers, light }) => [name, [...numbers], light && [...light]]);
}

const without = [["a", [1, 2], null], ["c", [3, 4], null]];

test("styles have a light version where the site has one", async () => {
  expect(await started({ ...FULL, light: LIGHT })).toEqual([["a", [1, 2], null], ["c", [3, 4], [5]]]);
  expect(orders).toMatchObject([{ network: `${BASE}styles/full.safetensors`, light: `${BASE}styles/light/light.safetensors` }]);
});

test.each([["none", FULL], ["null", { ...FULL, light: null }], ["nonsense", { ...FULL, light: { network: 3 } }]])(
  "with %s for the light network there is none",
  async (_, index) => {
    expect(await started(index)).toEqual(without);
    expect(orders).toMatchObject([{ network: `${BASE}styles/full.safetensors`, light: null }]);
  },
);

test("light versions that are missing, damaged or of another network are none, and the styles stay", async () => {
  expect(await started({ ...FULL, light: { ...LIGHT, fingerprint: "other" } })).toEqual(without);
  files.set("styles/light/c.st", "damaged");
  expect(await started({ ...FULL, light: LIGHT })).toEqual(without);
  files.delete("styles/light/c.st");
  expect(await started({ ...FULL, light: LIGHT })).toEqual(without);
});

test("a style whose file cannot be had is left out", async () => {
  files.delete("styles/a%20b.st");
  expect(await started(FULL)).toEqual([["c", [3, 4], null]]);
});

test.each([[WebAssembly, "whether this device is online"], [undefined, "needs WebAssembly"]])(
  "why the worker does not start is said: with %o",
  async (assembly, words) => {
    const console = vi.spyOn(globalThis.console, "error").mockImplementation(() => {});
    vi.stubGlobal("WebAssembly", assembly);
    if (assembly === undefined) Reflect.deleteProperty(globalThis, "WebAssembly");
    said = { kind: "failed", id: null, missing: false, message: "the cause" };
    await expect(started(FULL)).rejects.toThrow(words);
    expect(console).toHaveBeenCalledWith("the cause");
  },
);

test("a site without a style that it can show is none", async () => {
  await expect(started({ ...FULL, fingerprint: "other", light: LIGHT })).rejects.toThrow("could not load its styles");
});
