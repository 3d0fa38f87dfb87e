/** The elements of index.html, and the texts in them. */
import { strings } from "../strings";

export function byId<T extends HTMLElement>(id: string, kind: new () => T): T {
  const found = document.getElementById(id);
  if (!(found instanceof kind)) throw new Error(`index.html has no ${kind.name} #${id}`);
  return found;
}

/** Writes the texts that `data-text` and `data-label` ask for. */
export function fillTexts(): void {
  const texts: Record<string, string> = strings.page;
  document.title = strings.title;
  for (const element of document.querySelectorAll<HTMLElement>("[data-text]")) {
    element.textContent = texts[element.dataset["text"] ?? ""] ?? "";
  }
  for (const element of document.querySelectorAll<HTMLElement>("[data-label]")) {
    element.setAttribute("aria-label", texts[element.dataset["label"] ?? ""] ?? "");
  }
}
