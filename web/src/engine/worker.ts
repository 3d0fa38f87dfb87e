/** The worker: paints one picture at a time, so that the page never stands still. */
import * as ort from "onnxruntime-web/wasm";

import { resize } from "./lanczos";
import { type Network, cutNetwork } from "./networks";
import { type Picture, mixed, onWhite } from "./pixels";
import type { Answer, Order, Wish } from "./protocol";
import { readTensors } from "./safetensors";
import { planTiles } from "./tiles";
import { type Features, type Run, paint } from "./walk";

const MOST_THREADS = 8; // more are hardly faster, and a machine has other work
const MOST_PIXELS = 50e6; // to paint: fine marks of a large picture would take all memory
const LIVE_MARGIN = 4; // pixels, on the grid of the tiles
const SMALLEST = 16; // pixels of a side: what the network takes
const open = new Set<number>(); // orders that are neither done nor given up
const cancelled = new Set<number>();

class Cancelled extends Error {}

interface Ready {
  network: Network;
  run: Run;
}

let full: Promise<Ready> | null = null;
let light: Promise<Ready | null> = Promise.resolve(null);
let queue: Promise<void> = Promise.resolve();

addEventListener("message", ({ data }: MessageEvent<Order>) => {
  if (data.kind === "start") {
    full = start(data.network, data.runtime);
    full.catch((error: unknown) => answer({ kind: "failed", id: null, message: String(error) }));
    // After the full one, so that the page is there as soon as without it, but not only when it is wanted: the first preview
    // is what people wait for, and what was never loaded is missing offline. Without it the full one paints all.
    const { light: file } = data;
    if (file !== null) light = full.then(() => load(file)).catch(() => null);
  } else if (data.kind === "cancel") {
    if (open.has(data.id)) cancelled.add(data.id);
  } else {
    const { id, picture, wish } = data;
    open.add(id);
    queue = queue.then(() => order(id, picture, wish));
  }
});

async function start(file: string, runtime: string): Promise<Ready> {
  ort.env.wasm.numThreads = crossOriginIsolated ? Math.min(navigator.hardwareConcurrency || 1, MOST_THREADS) : 1;
  ort.env.wasm.wasmPaths = runtime;
  const ready = await load(file);
  answer({ kind: "started", threads: ort.env.wasm.numThreads, numbers: ready.network.numbers });
  return ready;
}

async function load(file: string): Promise<Ready> {
  const found = await fetch(file);
  if (!found.ok) throw new Error(`${file}: ${found.status}`);
  const network = cutNetwork(readTensors(await found.arrayBuffer()));
  const sessions: ort.InferenceSession[] = [];
  for (const { model } of network.segments) sessions.push(await ort.InferenceSession.create(model));
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
  open.delete(id);
  cancelled.delete(id);
}

async function painted(id: number, picture: Picture, wish: Wish): Promise<Picture> {
  const { network, run, numbers } = await chosen(wish);
  await giveUp(id);
  const marks = Math.max(wish.marks, Math.sqrt((picture.width * picture.height) / MOST_PIXELS));
  const [width, height] = [picture.width, picture.height].map((length) =>
    Math.max(SMALLEST, halfToEven(length / marks)),
  ) as [number, number];
  const tell = async (share: number): Promise<void> => {
    answer({ kind: "progress", id, share });
    await giveUp(id);
  };
  const plan = planTiles(width, height, network.reach, wish.live ? { margin: LIVE_MARGIN } : {});
  const result = await paint(resize(onWhite(picture), width, height), network, numbers, run, tell, plan);
  return mixed(resize(result, picture.width, picture.height), picture, wish.strength, wish.keepColours);
}

/** The network that paints it, and the numbers that it takes. The light one is there sooner than the full one would paint. */
async function chosen(wish: Wish): Promise<Ready & { numbers: Float32Array }> {
  if (!full) throw new Error("not started");
  const ready = wish.light && (await light);
  return wish.light && ready ? { ...ready, numbers: wish.light } : { ...(await full), numbers: wish.numbers };
}

/** Stop if that was asked for meanwhile. */
async function giveUp(id: number): Promise<void> {
  await others();
  if (cancelled.has(id)) throw new Cancelled();
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
