/** Files that come in: dropped, chosen, pasted or photographed. */
import { byId } from "./elements";

export interface Incoming<F> {
  /** The first that is not a style; whether it is a picture shows when it is opened. */
  picture: F | null;
  styles: F[];
}

export function sorted<F extends { name: string }>(files: Iterable<F>): Incoming<F> {
  const all = [...files];
  const styles = all.filter(isStyle);
  return { picture: all.find((file) => !isStyle(file)) ?? null, styles };
}

function isStyle(file: { name: string }): boolean {
  return file.name.toLowerCase().endsWith(".safetensors");
}

/** Hands on every file that the person gives, from now on. */
export function listen(take: (incoming: Incoming<File>) => void): void {
  const give = (files: Iterable<File>) => {
    const incoming = sorted(files);
    if (incoming.picture !== null || incoming.styles.length > 0) take(incoming);
  };
  opens("choose", "file", give);
  opens("drop-zone", "file");
  opens("take", "photograph", give);
  opens("add-style", "style-file", (files) => take({ picture: null, styles: [...files] }));
  document.addEventListener("paste", (event) => {
    if (event.clipboardData !== null) give(event.clipboardData.files);
  });
  listenToDrops(give);
}

/** Lets a button open the chooser of a hidden file input. */
function opens(button: string, input: string, give?: (files: Iterable<File>) => void): void {
  const chooser = byId(input, HTMLInputElement);
  byId(button, HTMLButtonElement).addEventListener("click", () => chooser.click());
  if (give === undefined) return;
  chooser.addEventListener("change", () => {
    const files = [...(chooser.files ?? [])];
    // Emptied, so that choosing the same file again is a change too.
    chooser.value = "";
    if (files.length > 0) give(files);
  });
}

function listenToDrops(give: (files: Iterable<File>) => void): void {
  const mark = (over: boolean) => document.body.classList.toggle("dropping", over);
  const hasFiles = (event: DragEvent) => event.dataTransfer?.types.includes("Files") ?? false;
  document.addEventListener("dragover", (event) => {
    if (!hasFiles(event)) return;
    event.preventDefault();
    mark(true);
  });
  document.addEventListener("dragleave", (event) => {
    if (event.relatedTarget === null) mark(false);
  });
  document.addEventListener("drop", (event) => {
    mark(false);
    if (!hasFiles(event)) return;
    event.preventDefault();
    give(event.dataTransfer?.files ?? []);
  });
}
