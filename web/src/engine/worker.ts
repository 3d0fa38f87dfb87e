/** The worker: paints one picture at a time, so that the page never stands still. */
import * as ort from "onnxruntime-web/wasm";

import { resize } from "./lanczos";
import { type Picture, mixed } from "./pixels";
import type { Answer, Order, Wish } from "./protocol";
import { readTensors } from "./safetensors";
import { type Network, cutNetwork } from "./segments";
import { type Features, type Run, paint } from "./walk";

const MOST_THREADS = 8; // more are hardly faster, and a machine has other work
const SMALLEST = 16; // pixels of a side: what the network takes
const cancelled = new Set<number>();

class Cancelled extends Error {}

let ready: Promise<{ network: Network; run: Run }> | null = null;
let queue: Promise<void> = Promise.resolve();

addEventListener("message", ({ data }: MessageEvent<Order>) => {
  if (data.kind === "start") {
    ready = start(data.network, data.runtime);
    ready.catch((error: unknown) => answer({ kind: "failed", id: null, message: String(error) }));
  } else if (data.kind === "cancel") {
    cancelled.add(data.id);
  } else {
    const { id, picture, wish } = data;
    queue = queue.then(() => order(id, picture, wish));
  }
});

async function start(file: string, runtime: string): Promise<{ network: Network; run: Run }> {
  ort.env.wasm.numThreads = crossOriginIsolated ? Math.min(navigator.hardwareConcurrency, MOST_THREADS) : 1;
  ort.env.wasm.wasmPaths = runtime;
  const found = await fetch(file);
  if (!found.ok) throw new Error(`${file}: ${found.status}`);
  const network = cutNetwork(readTensors(await found.arrayBuffer()));
  const sessions: ort.InferenceSession[] = [];
  for (const { model } of network.segments) sessions.push(await ort.InferenceSession.create(model));
  answer({ kind: "started", threads: ort.env.wasm.numThreads, numbers: network.numbers });
  return { network, run: (segment, inputs) => runSession(sessions[segment] as ort.InferenceSession, inputs) };
}

async function runSession(
  session: ort.InferenceSession,
  inputs: ReadonlyMap<string, Features | Float32Array>,
): Promise<Map<string, Features>> {
  const feeds: Record<string, ort.Tensor> = {};
  for (const [name, value] of inputs) {
    const [data, shape] = value instanceof Float32Array ? [value, [value.length]] : [value.data, value.shape];
    feeds[name] = new ort.Tensor("float32", data, shape);
  }
  const given = await session.run(feeds);
  return new Map(
    Object.entries(given).map(([name, { dims, data }]) => [
      name === "out" ? "x" : name,
      { shape: dims as unknown as Features["shape"], data: data as Float32Array },
    ]),
  );
}

async function order(id: number, picture: Picture, wish: Wish): Promise<void> {
  try {
    const result = await painted(id, picture, wish);
    answer({ kind: "painted", id, picture: result }, [result.data.buffer]);
  } catch (error) {
    answer(error instanceof Cancelled ? { kind: "cancelled", id } : { kind: "failed", id, message: String(error) });
  }
  cancelled.delete(id);
}

async function painted(id: number, picture: Picture, wish: Wish): Promise<Picture> {
  if (!ready) throw new Error("not started");
  const { network, run } = await ready;
  const [width, height] = [picture.width, picture.height].map((length) =>
    Math.max(SMALLEST, halfToEven(length / wish.marks)),
  ) as [number, number];
  const working = resize(picture, width, height);
  const result = await paint(working, network, wish.numbers, run, async (share) => {
    answer({ kind: "progress", id, share });
    await others(); // an order to cancel may be there
    if (cancelled.has(id)) throw new Cancelled();
  });
  return mixed(resize(result, picture.width, picture.height), picture, wish.strength, wish.keepColours);
}

/** Rounded as Python does, so that the size to paint at is the same. */
function halfToEven(value: number): number {
  const below = Math.floor(value);
  return value - below === 0.5 ? below + (below % 2) : Math.round(value);
}

const { port1, port2 } = new MessageChannel();

/** Let other messages come in; a timer would wait for milliseconds each time. */
function others(): Promise<void> {
  return new Promise((resolve) => {
    port1.onmessage = () => resolve();
    port2.postMessage(null);
  });
}

function answer(message: Answer, transfer: Transferable[] = []): void {
  (self as unknown as Worker).postMessage(message, transfer);
}
