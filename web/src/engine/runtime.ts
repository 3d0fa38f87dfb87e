/** What runs the pieces of a network: the graphics card where the browser lends it, else the processor. */
import type * as ort from "onnxruntime-web/wasm";

import type { Features } from "./walk";

const MOST_THREADS = 8; // more are hardly faster, and a machine has other work

export type Inputs = ReadonlyMap<string, Features | Float32Array>;

/** Takes and gives features and vectors by name. */
export type Piece = (inputs: Inputs) => Promise<Map<string, Features>>;

export interface Runtime {
  open: (model: Uint8Array) => Promise<Piece>;
  /** Give back what all pieces have taken. */
  close: () => Promise<void>;
}

/** Whether there is a graphics card for pages, and the browser lets WebAssembly wait for it. */
export async function hasGpu(): Promise<boolean> {
  if (!("Suspending" in WebAssembly) || !("gpu" in navigator)) return false;
  const adapter = await navigator.gpu.requestAdapter();
  // one that falls back computes on the processor, slower than WebAssembly
  return adapter !== null && !adapter.info.isFallbackAdapter;
}

/** @param folder where its files lie. */
export async function startRuntime(folder: string, onGpu: boolean): Promise<Runtime> {
  const runtime: typeof ort = onGpu ? await import("onnxruntime-web/jspi") : await import("onnxruntime-web/wasm");
  const threads = crossOriginIsolated && !onGpu ? Math.min(navigator.hardwareConcurrency || 1, MOST_THREADS) : 1;
  runtime.env.wasm.numThreads = threads;
  runtime.env.wasm.wasmPaths = folder;
  const options = { executionProviders: [onGpu ? "webgpu" : "wasm"] };
  const inTurn = oneAtATime(); // WebAssembly that waits for the card must not be called again meanwhile
  const sessions: ort.InferenceSession[] = [];
  return {
    open: async (model) => {
      const session = await inTurn(() => runtime.InferenceSession.create(model, options));
      sessions.push(session);
      return (inputs) => inTurn(() => run(runtime, session, inputs));
    },
    close: async () => {
      for (const session of sessions) await inTurn(() => session.release());
    },
  };
}

function oneAtATime(): <T>(work: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve();
  return (work) => {
    const mine = last.then(work);
    last = mine.catch(() => {});
    return mine;
  };
}

async function run(runtime: typeof ort, session: ort.InferenceSession, inputs: Inputs): Promise<Map<string, Features>> {
  const feeds: Record<string, ort.Tensor> = {};
  for (const [name, value] of inputs) {
    const [data, shape] = value instanceof Float32Array ? [value, [value.length]] : [value.data, value.shape];
    feeds[name] = new runtime.Tensor("float32", data, shape);
  }
  const given = await session.run(feeds);
  return new Map(
    Object.entries(given).map(([name, { dims, data }]) => [
      name === "out" ? "x" : name,
      { shape: dims as unknown as Features["shape"], data: data as Float32Array },
    ]),
  );
}
