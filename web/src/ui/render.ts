/** Shows the state: what can be pressed, what is seen, what is said. */
import { strings } from "../strings";
import { byId } from "./elements";
import { offers, status, type State } from "./state";

export class Renderer {
  readonly #paint = byId("paint", HTMLButtonElement);
  readonly #cancel = byId("cancel", HTMLButtonElement);
  readonly #savePng = byId("save-png", HTMLButtonElement);
  readonly #saveJpeg = byId("save-jpeg", HTMLButtonElement);
  readonly #choose = byId("choose", HTMLButtonElement);
  readonly #webcam = byId("webcam", HTMLButtonElement);
  readonly #dropZone = byId("drop-zone", HTMLButtonElement);
  readonly #compare = byId("compare", HTMLDivElement);
  readonly #cameraButtons = byId("camera-buttons", HTMLDivElement);
  readonly #progress = byId("progress", HTMLProgressElement);
  readonly #status = byId("status", HTMLParagraphElement);

  show(state: State): void {
    const focused = document.activeElement;
    const offer = offers(state);
    this.#paint.hidden = offer.cancel;
    this.#paint.disabled = !offer.paint;
    this.#cancel.hidden = this.#progress.hidden = !offer.cancel;
    this.#savePng.disabled = this.#saveJpeg.disabled = !offer.save;
    this.#webcam.disabled = !offer.camera;
    this.#webcam.textContent = state.live ? strings.webcam.stop : strings.webcam.start;
    this.#dropZone.hidden = offer.view;
    this.#compare.hidden = !offer.view;
    this.#cameraButtons.hidden = !state.live;
    this.#progress.value = state.share;
    this.#say(status(state));
    this.#keepFocus(focused, state);
  }

  /** Texts that stay the same are not written again: a screen reader would repeat them. */
  #say({ text, error }: { text: string; error: boolean }): void {
    if (this.#status.textContent !== text) this.#status.textContent = text;
    this.#status.classList.toggle("error", error);
  }

  /** A button that goes away under the focus hands it to the one that comes next. */
  #keepFocus(focused: Element | null, state: State): void {
    if (!(focused instanceof HTMLButtonElement)) return;
    if (!focused.disabled && focused.closest("[hidden]") === null) return;
    if (!this.#cancel.hidden) this.#cancel.focus();
    else if (focused === this.#cancel) (state.painted === "full" ? this.#savePng : this.#paint).focus();
    else if (focused === this.#dropZone) this.#choose.focus();
    else if (this.#cameraButtons.contains(focused)) this.#webcam.focus();
  }
}
