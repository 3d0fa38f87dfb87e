/** Painting, for the page: what happens in the worker looks like a function here. */
import { strings } from "../strings";
import type { Answer, Order, Wish } from "./protocol";
import { isRecord } from "./safetensors";
import { type Style, readStyle } from "./style";

export type { Wish } from "./protocol";
export { type Style, mix } from "./style";

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
  private number = 0;

  private constructor(
    private readonly worker: Worker,
    readonly styles: readonly Style[],
    readonly threads: number,
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
    const { network, styles: names } = await readIndex(new URL("index.json", folder));
    const styles = await Promise.all(names.map((name) => fetchStyle(new URL(name, folder))));
    const worker = new Worker(new URL("./worker.ts", import.meta.url), { type: "module" });
    const started = new Promise<{ threads: number; numbers: number }>((resolve, reject) => {
      const fail = (): void => reject(new UserError(strings.errors.start));
      worker.addEventListener("error", fail, { once: true });
      worker.addEventListener("message", ({ data }: MessageEvent<Answer>) => {
        if (data.kind === "started") resolve(data);
        else fail();
      }, { once: true });
    });
    send(worker, { kind: "start", network: new URL(network, folder).href, runtime: new URL("ort/", base).href });
    const { threads, numbers } = await started;
    return new Engine(worker, styles, threads, numbers);
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
   * @throws Cancelled when the signal says so.
   * @throws UserError if it cannot be painted.
   */
  paint(
    picture: ImageData,
    wish: Wish,
    progress: (share: number) => void = () => {},
    signal?: AbortSignal,
  ): Promise<ImageData> {
    if (signal?.aborted) return Promise.reject(new Cancelled());
    const id = (this.number += 1);
    const { width, height } = picture;
    const data = new Uint8ClampedArray(picture.data); // the page goes on showing its own
    signal?.addEventListener("abort", () => send(this.worker, { kind: "cancel", id }), { once: true });
    return new Promise((done, failed) => {
      this.waiting.set(id, { done, failed, progress });
      send(this.worker, { kind: "paint", id, picture: { width, height, data }, wish }, [data.buffer]);
    });
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
      waiting?.failed(new UserError(strings.errors.painting));
    }
  }

  private end(error: Error): void {
    for (const { failed } of this.waiting.values()) failed(error);
    this.waiting.clear();
  }
}

function send(worker: Worker, order: Order, transfer: Transferable[] = []): void {
  worker.postMessage(order, transfer);
}

async function readIndex(address: URL): Promise<{ network: string; styles: string[] }> {
  const found: unknown = await (await fetchFile(address)).json();
  if (!isRecord(found) || typeof found["network"] !== "string" || !Array.isArray(found["styles"])) {
    throw new UserError(strings.errors.start);
  }
  return { network: found["network"], styles: found["styles"].filter((one) => typeof one === "string") };
}

async function fetchStyle(address: URL): Promise<Style> {
  const file = await (await fetchFile(address)).blob();
  return await readStyle(file).catch(() => {
    throw new UserError(strings.errors.start);
  });
}

async function fetchFile(address: URL): Promise<Response> {
  const found = await fetch(address).catch(() => null);
  if (!found?.ok) throw new UserError(strings.errors.start);
  return found;
}
