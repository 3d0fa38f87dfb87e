/** The page: brings its parts together. */
import { Engine, type Style, type Wish, networkOf } from "./engine/client";
import { keepOffline, takeNewBuild } from "./offline";
import { strings } from "./strings";
import { Compare } from "./ui/compare";
import { Controls } from "./ui/controls";
import { byId, fillTexts } from "./ui/elements";
import { Gallery, titleOf } from "./ui/gallery";
import { listen, type Incoming } from "./ui/input";
import { savedName } from "./ui/names";
import { Painter, sentenceOf, type Job } from "./ui/painter";
import { openPicture, Picture } from "./ui/picture";
import { Renderer } from "./ui/render";
import { save, type Ending } from "./ui/saving";
import { previewMarks } from "./ui/sizes";
import { FIRST_STATE, next, type Happening, type Kind } from "./ui/state";
import { Webcam } from "./ui/webcam";

fillTexts();
byId("no-script", HTMLParagraphElement).remove();
byId("page", HTMLDivElement).hidden = false;

let state = FIRST_STATE;
let picture: Picture | null = null;
/** Counts the pictures and cameras asked for: of two pictures that are opened at once the later one stays. */
let asked = 0;

const renderer = new Renderer();
const compare = new Compare();
const controls = new Controls(wishChanged);
const gallery = new Gallery(styleChanged);
const site = new URL("./", document.baseURI);
const started = keepOffline(site, () => asked === 0).then(() => Engine.start(site));
const paint: Engine["paint"] = async (...wanted) => (await started).paint(...wanted);
const painter = new Painter({ paint, job, show: (painting) => compare.showPainting(painting), tell });
const webcam = new Webcam({
  paint,
  wish,
  show: (frame, painting) => compare.showFrame(frame, painting),
  ended: cameraEnded,
});

function tell(event: Happening): void {
  state = next(state, event);
  renderer.show(state);
}

function wish(): Wish | null {
  return gallery.chosen === null ? null : controls.wish(gallery.chosen);
}

function job(kind: Kind): Job | null {
  const wanted = wish();
  if (picture === null || wanted === null) return null;
  if (kind === "full") {
    // The light network is for what is seen for a moment.
    return { picture: picture.full(), wish: { ...wanted, light: null }, coarser: false, give: true };
  }
  const network = networkOf(wanted);
  const { marks, coarser } = previewMarks(picture, wanted.marks, network);
  return { picture: picture.preview(network), wish: { ...wanted, marks }, coarser, give: false };
}

/** The live camera takes every wish with its next frame; a picture is painted anew. */
function wishChanged(): void {
  if (!state.live) painter.previewSoon();
}

function styleChanged(): void {
  controls.offer(gallery.styles, gallery.chosen);
  wishChanged();
}

function take({ picture: file, styles }: Incoming<File>): void {
  if (file !== null) void open(() => openPicture(file));
  for (const style of styles) void addStyle(style);
}

async function open(opening: () => Promise<Picture>): Promise<void> {
  const mine = ++asked;
  webcam.stop();
  painter.stop();
  tell({ type: "opening" });
  try {
    const opened = await opening();
    if (mine !== asked) return opened.close();
    picture?.close();
    picture = opened;
    compare.showPhotograph(opened.bitmap, opened);
    tell({ type: "opened", size: opened });
    painter.previewSoon(false);
  } catch (error) {
    if (mine !== asked) return;
    tell({ type: "stopped", sentence: sentenceOf(error, strings.errors.notAPicture(strings.files.picture)) });
    // The picture before stays, but its preview may have been interrupted.
    if (state.painted === "none") painter.previewSoon(false);
  }
}

function complain(error: unknown, otherwise: string): void {
  const sentence = sentenceOf(error, otherwise);
  if (sentence !== null) tell({ type: "said", sentence, error: true });
}

async function addStyle(file: File): Promise<void> {
  try {
    const style = await (await started).readStyle(file);
    gallery.add(style);
    gallery.choose(style);
    styleChanged();
    tell({ type: "said", sentence: strings.status.styleAdded(titleOf(style)), error: false });
  } catch (error) {
    complain(error, strings.errors.style);
  }
}

function cancel(): void {
  painter.cancel();
  // It was begun before there was a preview.
  if (state.painted === "none") painter.previewSoon();
}

async function saveAs(ending: Ending): Promise<void> {
  if (picture === null || (state.painted !== "full" && !(await painter.full()))) return;
  const styles = [gallery.chosen, controls.partner].filter((style): style is Style => style !== null);
  const name = savedName(picture.name, styles.map((style) => style.name), ending);
  tell({ type: "saving" });
  try {
    await save(compare.canvas, ending, name);
    tell({ type: "said", sentence: strings.status.saved(name), error: false });
  } catch (error) {
    complain(error, strings.errors.saving);
  }
}

function toggleCamera(): void {
  if (webcam.on) return webcam.stop();
  asked += 1;
  painter.stop();
  compare.clear();
  tell({ type: "live" });
  void webcam.start();
}

function cameraEnded(sentence: string | null): void {
  tell({ type: "dark" });
  compare.clear();
  if (picture !== null) {
    compare.showPhotograph(picture.bitmap, picture);
    painter.previewSoon();
  }
  if (sentence !== null) tell({ type: "said", sentence, error: true });
}

async function snapshot(): Promise<void> {
  try {
    const bitmap = await webcam.snapshot();
    if (bitmap !== null) await open(async () => new Picture(strings.files.camera, bitmap));
  } catch (error) {
    complain(error, strings.errors.camera.ended);
  }
}

async function ready(): Promise<void> {
  try {
    const { styles } = await started;
    styles.forEach((style) => gallery.add(style));
    const first = styles[0];
    if (first !== undefined && gallery.chosen === null) gallery.choose(first);
    tell({ type: "ready" });
    controls.offer(gallery.styles, gallery.chosen);
    if (picture !== null) wishChanged();
  } catch (error) {
    tell({ type: "failed", sentence: sentenceOf(error, strings.errors.start) ?? strings.errors.start });
  } finally {
    await takeNewBuild();
  }
}

function onClick(id: string, act: () => unknown): void {
  byId(id, HTMLButtonElement).addEventListener("click", act);
}

listen(take);
onClick("paint", () => painter.full());
onClick("cancel", cancel);
onClick("save-png", () => saveAs("png"));
onClick("save-jpeg", () => saveAs("jpg"));
onClick("webcam", toggleCamera);
onClick("snapshot", snapshot);
renderer.show(state);
void ready();
