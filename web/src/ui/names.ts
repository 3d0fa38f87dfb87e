/** How the painted picture is called when it is saved. */
import { strings } from "../strings";

/** In bytes: file systems allow 255 for all, with two styles and the ending. */
const LONGEST_PICTURE = 120;
const LONGEST_STYLE = 60;

/** `photo.jpg` painted in starry_night becomes `photo_starry_night.png`, as on the command line. */
export function savedName(picture: string, styles: readonly string[], ending: "png" | "jpg"): string {
  const stem = clean(picture.replace(/\.[^.]*$/u, ""), LONGEST_PICTURE) || strings.files.picture;
  const parts = [stem, ...styles.map((style) => clean(style, LONGEST_STYLE))];
  return `${parts.filter((part) => part !== "").join("_")}.${ending}`;
}

/** Without what no system allows in names, or what makes an ending look like another one. */
function clean(name: string, longest: number): string {
  const allowed = name
    .replace(/[\p{Cc}\u202a-\u202e\u2066-\u2069]/gu, "")
    .replace(/[\\/:*?"<>|]/gu, "_")
    .replace(/^[\s.]+|[\s.]+$/gu, "");
  let short = "";
  for (const character of allowed) {
    if (new TextEncoder().encode(short + character).length > longest) break;
    short += character;
  }
  return short;
}
