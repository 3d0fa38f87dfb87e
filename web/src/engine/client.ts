/** Painting, for the page: what happens in the worker looks like a function here. */
import { strings } from "../strings";
import type { Answer, Order, Wish } from "./protocol";
import { isRecord } from "./safetensors";
import { type Style, readStyle } from "./style";

export { LEAST_SIDE, MOST_PIXELS, type Wish } from "./protocol";
export { type NetworkName, type Style, mix, networkOf } from "./style";

/** With the runtime's version, so that no cache mixes two of them; set by vite.config.ts. */
declare const RUNTIME_FOLDER: string;

/** Its message is a sentence for the person. */
export class UserError extends Error {}

export class Cancelled extends Error {}

interface Waiting {
  done: (picture: ImageData) => void;
  failed: (error: Error) => void;
  progress: (share: number) => void;
}

export class Engine {
  private readonly waiting = new Map<number, Waiting>();
  private ended: Error | null = null;
  private number = 0;

  private constructor(
    private readonly worker: Worker,
    readonly styles: readonly Style[],
    private readonly numbers: number,
  ) {
    worker.addEventListener("message", ({ data }: MessageEvent<Answer>) => this.hear(data));
    worker.addEventListener("error", () => this.end(new UserError(strings.errors.worker)));
  }

  /**
   * Load styles, network and runtime.
   *
   * @param base the folder of the site.
   * @throws UserError if one of them is not there.
   */
  static async start(base: URL): Promise<Engine> {
    const folder = new URL("styles/", base);
    const lightFolder = new URL("light/", folder);
    const { light, gpu, ...full } = await readIndex(new URL("index.json", folder));
    const styles = await fetchStyles(folder, full);
    if (styles.size === 0) throw new UserError(strings.errors.start);
    const worker = new Worker(new URL("./worker.ts", import.meta.url), { type: "module" });
    const started = new Promise<{ numbers: number }>((resolve, reject) => {
      const fail = (): void => reject(new UserError("WebAssembly" in globalThis ? strings.errors.start : strings.errors.runtime));
      worker.addEventListener("error", fail, { once: true });
      worker.addEventListener("message", ({ data }: MessageEvent<Answer>) => {
        if (data.kind === "started") resolve(data);
        else if (data.kind === "failed") {
          console.error(data.message); // for who looks there
          fail();
        }
      }, { once: true });
    });
    send(worker, {
      kind: "start",
      network: new URL(full.network, folder).href,
      light: light && new URL(light.network, lightFolder).href,
      runtime: new URL(`${RUNTIME_FOLDER}/`, base).href,
      gpu,
    });
    // many small files, which come while the worker loads what is large; without one of them the full network paints all
    const lightStyles = light && fetchStyles(lightFolder, light);
    const [{ numbers }, inLight] = await Promise.all([started, lightStyles]);
    const both = [...styles].map(([name, style]) => ({ ...style, light: inLight?.get(name)?.numbers ?? null }));
    return new Engine(worker, both, numbers);
  }

  /** @throws UserError if it is no style file, or one of another network. */
  async readStyle(file: Blob): Promise<Style> {
    let style;
    try {
      style = await readStyle(file);
    } catch {
      throw new UserError(strings.errors.style);
    }
    if (style.numbers.length !== this.numbers || style.network !== this.styles[0]?.network) {
      throw new UserError(strings.errors.otherNetwork);
    }
    return style;
  }

  /**
   * Paint a picture; a second one waits for the first.
   *
   * @param give whether the picture's memory is given away: it cannot be used again.
   * @throws Cancelled when the signal says so.
   * @throws UserError if it cannot be painted.
   */
  paint(
    picture: ImageData,
    wish: Wish,
    progress: (share: number) => void = () => {},
    signal?: AbortSignal,
    give = false,
  ): Promise<ImageData> {
    if (signal?.aborted) return Promise.reject(new Cancelled());
    if (this.ended) return Promise.reject(this.ended);
    const id = (this.number += 1);
    const { width, height } = picture;
    const data = give ? (picture.data as Uint8ClampedArray<ArrayBuffer>) : new Uint8ClampedArray(picture.data);
    const cancel = (): void => send(this.worker, { kind: "cancel", id });
    signal?.addEventListener("abort", cancel, { once: true });
    return new Promise<ImageData>((done, failed) => {
      this.waiting.set(id, { done, failed, progress });
      send(this.worker, { kind: "paint", id, picture: { width, height, data }, wish }, [data.buffer]);
    }).finally(() => signal?.removeEventListener("abort", cancel));
  }

  private hear(answer: Answer): void {
    if (answer.kind === "started" || answer.id === null) return;
    const waiting = this.waiting.get(answer.id);
    if (answer.kind === "progress") {
      waiting?.progress(answer.share);
      return;
    }
    this.waiting.delete(answer.id);
    if (answer.kind === "painted") {
      const { width, height, data } = answer.picture;
      waiting?.done(new ImageData(data, width, height));
    } else if (answer.kind === "cancelled") {
      waiting?.failed(new Cancelled());
    } else {
      console.error(answer.message); // for who looks there
      waiting?.failed(new UserError(answer.missing ? strings.errors.start : strings.errors.painting));
    }
  }

  private end(error: Error): void {
    this.ended = error;
    for (const { failed } of this.waiting.values()) failed(error);
    this.waiting.clear();
  }
}

function send(worker: Worker, order: Order, transfer: Transferable[] = []): void {
  worker.postMessage(order, transfer);
}

/** A network with styles, as the index lists them: names of files, and the fingerprint of the network. */
interface Listing {
  network: string;
  fingerprint: string;
  styles: string[];
}

/** The full network, and the light one where there is one, in a folder of its own; the same styles have the same names. */
async function readIndex(address: URL): Promise<Listing & { light: Listing | null; gpu: boolean }> {
  const found: unknown = await (await fetchFile(address)).json();
  const full = readListing(found);
  if (full === null) throw new UserError(strings.errors.start);
  const more = isRecord(found) ? found : {};
  return { ...full, light: readListing(more["light"]), gpu: more["gpu"] === true };
}

function readListing(found: unknown): Listing | null {
  if (!isRecord(found)) return null;
  const { network, fingerprint, styles } = found;
  if (typeof network !== "string" || typeof fingerprint !== "string" || !Array.isArray(styles)) return null;
  return { network, fingerprint, styles: styles.filter((one) => typeof one === "string") };
}

/** Those of a network, by the names of their files, without one that is missing, damaged, or left from another network in some cache. */
async function fetchStyles(folder: URL, { fingerprint, styles }: Listing): Promise<Map<string, Style>> {
  const read = await Promise.all(
    styles.map(async (name) => ({ name, style: await fetchStyle(new URL(encodeURIComponent(name), folder)) })),
  );
  const found = new Map<string, Style>();
  for (const { name, style } of read) {
    if (style?.network === fingerprint) found.set(name, style);
  }
  return found;
}

async function fetchStyle(address: URL): Promise<Style | null> {
  return await fetchFile(address)
    .then(async (file) => readStyle(await file.blob()))
    .catch(() => null);
}

async function fetchFile(address: URL): Promise<Response> {
  const found = await fetch(address).catch(() => null);
  if (!found?.ok) throw new UserError(strings.errors.start);
  return found;
}
