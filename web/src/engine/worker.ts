/** The worker: paints one picture at a time, so that the page never stands still. */
import { resize } from "./lanczos";
import { type Network, cutNetwork } from "./networks";
import { type Picture, mixed } from "./pixels";
import { type Answer, type Files, LEAST_SIDE, MOST_PIXELS, type Order, type Wish } from "./protocol";
import { type Piece, type Runtime, hasGpu, startRuntime } from "./runtime";
import { readTensors } from "./safetensors";
import { planTiles } from "./tiles";
import { shown } from "./transparency";
import { type Run, paint } from "./walk";

const LIVE_MARGIN = 4; // pixels, on the grid of the tiles
const PATIENCE = 30_000; // milliseconds for a card to show that it can
const open = new Set<number>(); // orders that are neither done nor given up
const cancelled = new Set<number>();

class Cancelled extends Error {}

/** A file could not be had. */
class Missing extends Error {}

interface Ready {
  network: Network;
  run: Run;
}

/** What paints: its networks, and what runs them. */
interface Painters {
  files: Files;
  onGpu: boolean;
  runtime: Promise<Runtime>;
  full: Promise<Ready>;
  /** Without it the full one paints all. */
  light: Promise<Ready | null>;
}

let painters: Painters | null = null;
let queue: Promise<void> = Promise.resolve();

addEventListener("message", ({ data }: MessageEvent<Order>) => {
  if (data.kind === "start") {
    void start(data);
  } else if (data.kind === "cancel") {
    if (open.has(data.id)) cancelled.add(data.id);
  } else {
    const { id, picture, wish } = data;
    open.add(id);
    queue = queue.then(() => order(id, picture, wish));
  }
});

async function start(files: Files): Promise<void> {
  painters = begin(files, files.gpu && (await inTime(hasGpu()).catch(() => false)));
  try {
    const { network } = await onGpuOrNot(async ({ onGpu, full }) => {
      const ready = await full;
      if (onGpu) await inTime(tryOut(ready));
      return ready;
    });
    answer({ kind: "started", numbers: network.numbers });
  } catch (error) {
    fail(null, error);
  }
}

function begin(files: Files, onGpu: boolean): Painters {
  const runtime = startRuntime(files.runtime, onGpu);
  const full = read(files.network).then((found) => load(found, runtime));
  // After the full one, so that the page is there as soon as without it, but not only when it is wanted: the first preview
  // is what people wait for, and what was never loaded is missing offline.
  const small = full.then(async () => {
    const found = files.light === null ? null : await read(files.light).catch(() => null);
    return found && (await load(found, runtime));
  });
  const light = onGpu ? small : small.catch(() => null);
  for (const waiting of [runtime, full, light]) waiting.catch(() => {}); // whoever waits for one is told
  return { files, onGpu, runtime, full, light };
}

/** Drivers have faults, cards have little memory and are taken away: what fails there is done by the processor, from then on. */
async function onGpuOrNot<T>(work: (painters: Painters) => Promise<T>): Promise<T> {
  const used = painters as Painters;
  try {
    return await work(used);
  } catch (error) {
    if (error instanceof Cancelled || !used.onGpu) throw error;
    used.runtime.then((it) => it.close()).catch(() => {}); // a card that is gone has nothing to give back
    painters = begin(used.files, false);
    // the processor's runtime may never have been loaded before
    painters.full = painters.full.catch((cause: unknown) =>
      Promise.reject(navigator.onLine === false ? new Missing(String(cause)) : cause),
    );
    return await work(painters);
  }
}

/** Paint something tiny, so that a card that cannot is known before anybody waits for it. */
async function tryOut({ network, run }: Ready): Promise<void> {
  const data = Uint8ClampedArray.from({ length: 4 * LEAST_SIDE ** 2 }, (_, place) => (place * place) % 251);
  const numbers = new Float32Array(network.numbers).fill(1);
  await paint({ width: LEAST_SIDE, height: LEAST_SIDE, data }, network, numbers, run, async () => {});
}

async function inTime<T>(work: Promise<T>): Promise<T> {
  const late = new Promise<never>((_, reject) => setTimeout(() => reject(new Error("the card does not answer")), PATIENCE));
  return await Promise.race([work, late]);
}

async function read(file: string): Promise<Network> {
  const found = await fetch(file)
    .then((one) => (one.ok ? one.arrayBuffer() : null))
    .catch(() => null);
  if (found === null) throw new Missing(`${file} could not be had`);
  return cutNetwork(readTensors(found));
}

async function load(network: Network, runtime: Promise<Runtime>): Promise<Ready> {
  const { open } = await runtime;
  const pieces: Piece[] = [];
  for (const { model } of network.segments) pieces.push(await open(model));
  return { network, run: (segment, inputs) => (pieces[segment] as Piece)(inputs) };
}

async function order(id: number, picture: Picture, wish: Wish): Promise<void> {
  try {
    const result = await onGpuOrNot((used) => painted(id, picture, wish, used));
    answer({ kind: "painted", id, picture: result }, [result.data.buffer]);
  } catch (error) {
    if (error instanceof Cancelled) answer({ kind: "cancelled", id });
    else fail(id, error);
  }
  open.delete(id);
  cancelled.delete(id);
}

async function painted(id: number, picture: Picture, wish: Wish, used: Painters): Promise<Picture> {
  const { network, run, numbers } = await chosen(wish, used);
  await giveUp(id);
  const marks = Math.max(wish.marks, Math.sqrt((picture.width * picture.height) / MOST_PIXELS));
  const [width, height] = [picture.width, picture.height].map((length) =>
    Math.max(LEAST_SIDE, halfToEven(length / marks)),
  ) as [number, number];
  const tell = async (share: number): Promise<void> => {
    answer({ kind: "progress", id, share });
    await giveUp(id);
  };
  const plan = planTiles(width, height, network.reach, wish.live ? { margin: LIVE_MARGIN } : {});
  const result = await paint(shown(picture, width, height), network, numbers, run, tell, plan);
  return mixed(resize(result, picture.width, picture.height), picture, wish.strength, wish.keepColours);
}

/** The network that paints it, and the numbers that it takes. The light one is there sooner than the full one would paint. */
async function chosen(wish: Wish, { full, light }: Painters): Promise<Ready & { numbers: Float32Array }> {
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

function fail(id: number | null, error: unknown): void {
  answer({ kind: "failed", id, missing: error instanceof Missing, message: String(error) });
}

function answer(message: Answer, transfer: Transferable[] = []): void {
  (self as unknown as Worker).postMessage(message, transfer);
}
