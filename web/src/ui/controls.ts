/** Mixing, strength, marks and colours: what the person wishes besides the style. */
import { mix, type Style, type Wish } from "../engine/client";
import { strings } from "../strings";
import { byId } from "./elements";
import { titleOf } from "./gallery";

export class Controls {
  readonly #partner = byId("mix", HTMLSelectElement);
  readonly #mixRow = byId("mix-row", HTMLDivElement);
  readonly #colours = byId("colours", HTMLInputElement);
  readonly #share: Slider;
  readonly #strength: Slider;
  readonly #marks: Slider;
  /** The styles in the order of the options after the first. */
  #partners: Style[] = [];

  constructor(changed: () => void) {
    this.#share = new Slider("mix-share", (value) => strings.percent(value / 100), changed);
    this.#strength = new Slider("strength", (value) => strings.percent(value / 100), changed);
    this.#marks = new Slider("marks", strings.factor, changed);
    this.#colours.addEventListener("change", changed);
    this.#partner.addEventListener("change", () => {
      this.#showMixing();
      changed();
    });
    this.offer([], null);
  }

  get partner(): Style | null {
    return this.#partners[this.#partner.selectedIndex - 1] ?? null;
  }

  /** Lets the chosen style be mixed with each of the others; keeps the one there is. */
  offer(styles: readonly Style[], chosen: Style | null): void {
    const before = this.partner;
    this.#partners = styles.filter((style) => style !== chosen);
    const titles = [strings.noMix, ...this.#partners.map(titleOf)];
    this.#partner.replaceChildren(...titles.map((title) => new Option(title)));
    this.#partner.selectedIndex = before === null ? 0 : this.#partners.indexOf(before) + 1;
    this.#showMixing();
  }

  wish(style: Style): Wish {
    const partner = this.partner;
    const { numbers, light } = partner === null ? style : mix(style, partner, this.#share.value / 100);
    return {
      numbers,
      light,
      strength: this.#strength.value / 100,
      keepColours: this.#colours.checked,
      marks: this.#marks.value,
      live: false,
    };
  }

  #showMixing(): void {
    this.#mixRow.hidden = this.partner === null;
  }
}

/** A range input with its value as a text beside it. */
class Slider {
  readonly #input: HTMLInputElement;
  readonly #text: HTMLSpanElement;
  readonly #words: (value: number) => string;

  constructor(id: string, words: (value: number) => string, changed: () => void) {
    this.#input = byId(id, HTMLInputElement);
    this.#text = byId(`${id}-value`, HTMLSpanElement);
    this.#words = words;
    this.#input.addEventListener("input", () => {
      this.#show();
      changed();
    });
    this.#show();
  }

  get value(): number {
    return this.#input.valueAsNumber;
  }

  #show(): void {
    const words = this.#words(this.value);
    this.#text.textContent = words;
    this.#input.setAttribute("aria-valuetext", words);
  }
}
