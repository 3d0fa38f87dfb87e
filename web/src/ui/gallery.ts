/** The styles as thumbnails, of which one is chosen. */
import type { Style } from "../engine/client";
import { strings } from "../strings";
import { byId } from "./elements";

/** In pixels: a small file may hold a huge picture, which would be decoded to be shown. */
const LARGEST_THUMBNAIL = 256;

export class Gallery {
  readonly styles: Style[] = [];
  readonly #list = byId("gallery", HTMLDivElement);
  readonly #caption = byId("style-caption", HTMLParagraphElement);
  #chosen: Style | null = null;
  readonly #changed: () => void;

  constructor(changed: () => void) {
    this.#changed = changed;
  }

  get chosen(): Style | null {
    return this.#chosen;
  }

  add(style: Style): void {
    const radio = document.createElement("input");
    radio.type = "radio";
    radio.name = "style";
    radio.value = String(this.styles.length);
    radio.addEventListener("change", () => {
      this.#set(style);
      this.#changed();
    });
    const title = document.createElement("span");
    title.textContent = titleOf(style);
    title.dir = "auto";
    const label = document.createElement("label");
    label.append(radio, thumbnailOf(style), title);
    this.#list.append(label);
    this.styles.push(style);
  }

  /** Chooses a style; only a choice by the person is told. */
  choose(style: Style): void {
    const radio = this.#list.querySelectorAll("input")[this.styles.indexOf(style)];
    if (radio === undefined) return;
    radio.checked = true;
    const label = radio.closest("label");
    // Scrolls the list alone: the page stays where it is.
    this.#list.scrollTo({ left: label?.offsetLeft ?? 0, top: label?.offsetTop ?? 0 });
    this.#set(style);
  }

  #set(style: Style): void {
    this.#chosen = style;
    this.#caption.textContent = strings.caption(titleOf(style), style.artist, style.year);
  }
}

export function titleOf(style: Style): string {
  return style.title || style.name;
}

/** The title's first letter; the thumbnail takes its place once it is there, and is a picture of a decent size. */
export function thumbnailOf(style: Style): HTMLElement {
  const letter = document.createElement("div");
  letter.className = "thumbnail";
  letter.ariaHidden = "true";
  letter.textContent = [...titleOf(style)][0] ?? "";
  if (style.thumbnail !== null) replaceSoon(letter, style.thumbnail);
  return letter;
}

/** By a picture without words, as the label has the title. */
function replaceSoon(letter: HTMLElement, thumbnail: Blob): void {
  const image = document.createElement("img");
  image.className = "thumbnail";
  image.alt = "";
  image.width = image.height = 64;
  // Else it could be dropped on the page as a picture to paint.
  image.draggable = false;
  const url = URL.createObjectURL(thumbnail);
  image.onload = () => {
    URL.revokeObjectURL(url);
    if (Math.max(image.naturalWidth, image.naturalHeight) <= LARGEST_THUMBNAIL) letter.replaceWith(image);
  };
  image.onerror = () => URL.revokeObjectURL(url);
  image.src = url;
}
