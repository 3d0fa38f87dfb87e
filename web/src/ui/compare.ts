/** Photograph and painting on top of each other, with a divider that is dragged. */
import { strings } from "../strings";
import { byId } from "./elements";
import { draw, put } from "./pixels";
import { shownSize, type Size } from "./sizes";

/** Where the divider stands at first: most of the painting is seen, and what the divider is for. */
const FIRST_SHARE = 0.25;

export class Compare {
  readonly canvas = byId("canvas", HTMLCanvasElement);
  readonly #box = byId("compare", HTMLDivElement);
  readonly #before = byId("before", HTMLCanvasElement);
  /** For keys and screen readers; fingers and mice drag on the whole box. */
  readonly #range = byId("before-after", HTMLInputElement);

  constructor() {
    this.#range.addEventListener("input", () => this.#divide(this.#range.valueAsNumber / 100));
    this.#box.addEventListener("pointerdown", (event) => {
      if (event.button !== 0 || !this.#box.classList.contains("painted")) return;
      // Else the browser drags the canvas, or takes the focus from the range.
      event.preventDefault();
      this.#box.setPointerCapture(event.pointerId);
      this.#range.focus({ preventScroll: true });
      this.#follow(event);
    });
    this.#box.addEventListener("pointermove", (event) => {
      if (this.#box.hasPointerCapture(event.pointerId)) this.#follow(event);
    });
    this.#divide(FIRST_SHARE);
  }

  /** Shows a photograph, without painting as yet. */
  showPhotograph(source: CanvasImageSource, size: Size): void {
    // The painting of the picture before may be large.
    this.canvas.width = this.canvas.height = 0;
    draw(this.#before, source, shownSize(size));
    this.#fit(size);
    this.#mark(false);
  }

  /** Shows what the camera saw, and what was painted of it. */
  showFrame(frame: ImageData, painting: ImageData): void {
    put(this.#before, frame);
    this.#fit(frame);
    this.showPainting(painting);
  }

  showPainting(painting: ImageData): void {
    put(this.canvas, painting);
    this.#mark(true);
  }

  clear(): void {
    for (const canvas of [this.canvas, this.#before]) canvas.width = canvas.height = 0;
    this.#mark(false);
  }

  #mark(painted: boolean): void {
    this.#box.classList.toggle("painted", painted);
    this.canvas.hidden = this.#range.hidden = !painted;
  }

  #fit({ width, height }: Size): void {
    this.#box.style.setProperty("--ratio", String(width / height));
  }

  #follow(event: PointerEvent): void {
    const { left, width } = this.#box.getBoundingClientRect();
    this.#divide(shareAt(event.clientX, left, width));
  }

  #divide(share: number): void {
    this.#box.style.setProperty("--divider", `${(100 * share).toFixed(2)}%`);
    this.#range.value = String(Math.round(100 * share));
    this.#range.setAttribute("aria-valuetext", strings.divider(share));
  }
}

/** How far along the box a position is, 0 to 1. */
export function shareAt(x: number, left: number, width: number): number {
  return width > 0 ? Math.min(1, Math.max(0, (x - left) / width)) : 0;
}
