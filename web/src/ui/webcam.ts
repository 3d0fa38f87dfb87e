/** The live camera: frame after frame painted, at a size that the machine manages. */
import { Cancelled, type Engine, type NetworkName, type Wish, networkOf } from "../engine/client";
import { strings } from "../strings";
import { Camera, cameras, nextCamera, otherCamera, type Seat } from "./camera";
import { byId } from "./elements";
import { FIRST_PACES, nextPace, nextRate, type Pace } from "./pace";
import { sentenceOf } from "./painter";
import { pixelsOf } from "./pixels";
import { withShortSide } from "./sizes";

export interface Parts {
  paint: Engine["paint"];
  wish(): Wish | null;
  show(frame: ImageData, painting: ImageData): void;
  /** With a sentence where it ended by itself. */
  ended(sentence: string | null): void;
}

export class Webcam {
  readonly #parts: Parts;
  readonly #rate = byId("rate", HTMLParagraphElement);
  readonly #side = byId("camera-side", HTMLButtonElement);
  #camera: Camera | null = null;
  #run: AbortController | null = null;
  /** The size that the machine managed last with each network, to begin with the next time. */
  readonly #paces: Record<NetworkName, Pace> = { ...FIRST_PACES };

  constructor(parts: Parts) {
    this.#parts = parts;
    this.#side.addEventListener("click", () => void this.#changeCamera());
  }

  get on(): boolean {
    return this.#run !== null;
  }

  /** @param before where the camera is that another one is wanted for. */
  async start(which: MediaTrackConstraints = { facingMode: { ideal: "user" } }, before?: Seat): Promise<void> {
    this.#release();
    const run = new AbortController();
    this.#run = run;
    try {
      let camera = await this.#open(which, run);
      const all = await cameras();
      run.signal.throwIfAborted();
      this.#side.hidden = all.length < 2;
      if (before?.device !== undefined && camera.seat.device === before.device && all.length > 1) {
        this.#camera = null; // none is on the other side, as where one is plugged into a tablet
        camera.stop();
        camera = await this.#open(nextCamera(before, all), run);
      }
      await this.#paintFrames(camera, run.signal);
    } catch (error) {
      if (!run.signal.aborted) this.#end(run, sentenceOf(error));
    }
  }

  async #open(which: MediaTrackConstraints, run: AbortController): Promise<Camera> {
    const camera = await Camera.open(which, run.signal);
    this.#camera = camera;
    camera.onEnd(() => {
      if (this.#camera === camera) this.#end(run, strings.errors.camera.ended);
    });
    return camera;
  }

  stop(): void {
    if (this.#run !== null) this.#end(this.#run, null);
  }

  /** What the camera sees now; then it is let go. Null where it has not begun to see, or ended meanwhile. */
  async snapshot(): Promise<ImageBitmap | null> {
    const run = this.#run;
    if (this.#camera === null) return null;
    try {
      const bitmap = await this.#camera.moment();
      if (this.#run === run) {
        this.stop();
        return bitmap;
      }
      bitmap.close();
    } catch (error) {
      if (this.#run === run) throw error;
    }
    return null;
  }

  async #changeCamera(): Promise<void> {
    const run = this.#run;
    if (this.#camera === null) return;
    const { seat } = this.#camera;
    const which = otherCamera(seat, await cameras());
    if (this.#run === run) await this.start(which, seat);
  }

  async #paintFrames(camera: Camera, signal: AbortSignal): Promise<void> {
    let rate: number | null = null;
    while (!signal.aborted) {
      await nextScreen();
      const wish = this.#parts.wish();
      const { videoWidth: width, videoHeight: height } = camera.video;
      if (wish === null || width === 0 || signal.aborted) continue;
      const network = networkOf(wish);
      const pace = this.#paces[network];
      const start = performance.now();
      const frame = pixelsOf(camera.video, withShortSide({ width, height }, pace.side), camera.mirrored);
      const painting = await this.#parts.paint(frame, { ...wish, live: true }, undefined, signal);
      if (signal.aborted) return;
      this.#parts.show(frame, painting);
      const seconds = (performance.now() - start) / 1000;
      rate = nextRate(rate, seconds);
      this.#rate.textContent = strings.webcam.rate(rate, pace.side);
      this.#rate.hidden = false;
      this.#paces[network] = nextPace(pace, seconds);
    }
  }

  #end(run: AbortController, sentence: string | null): void {
    if (this.#run !== run) return;
    this.#release();
    this.#parts.ended(sentence);
  }

  #release(): void {
    this.#run?.abort(new Cancelled());
    this.#camera?.stop();
    this.#run = this.#camera = null;
    this.#rate.hidden = true;
  }
}

/** Frames are not painted faster than they are shown, and not at all behind another tab. */
function nextScreen(): Promise<void> {
  return new Promise((resolve) => requestAnimationFrame(() => resolve()));
}
