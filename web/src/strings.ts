/** Every text that a person sees, but for the one in index.html that is for pages without script. */
import { numbers } from "./ui/numbers";

const { count, percent, decimal } = numbers;

export const strings = {
  /** Texts that never change: `data-text` and `data-label` in index.html name them. */
  page: {
    heading: "Paint your photograph",
    choose: "Choose a picture",
    take: "Take a photograph",
    stage: "Picture",
    dropHere: "Drop a photograph here",
    dropHow: "or click to choose one, or paste it",
    tapHere: "Tap to choose a photograph",
    before: "The photograph",
    painting: "The painting",
    divider: "Divider between photograph and painting",
    snapshot: "Use this moment",
    otherCamera: "Other camera",
    panel: "How it is painted",
    style: "Style",
    addStyle: "Add a style file",
    mixWith: "Mix with",
    mixShare: "Share of the second style",
    strength: "Strength",
    marks: "Size of the marks",
    colours: "Keep my colours",
    progress: "Progress of the painting",
    paint: "Paint at full size",
    cancel: "Cancel",
    savePng: "Save PNG",
    saveJpeg: "Save JPEG",
    footer: "Everything happens on this device; nothing is uploaded.",
  },
  title: "fastnst: paint your photograph",
  webcam: { start: "Live camera", stop: "Stop the camera", rate: liveRate },
  noMix: "Nothing",
  caption: (title: string, artist: string, year: string) =>
    [title, artist, year].filter((part) => part !== "").join(", "),
  percent,
  factor: (value: number) => `${decimal(value)} ×`,
  divider: (share: number) => `${percent(share)} photograph, ${percent(1 - share)} painting`,
  status: {
    loading: "Loading the styles…",
    noPicture: "Choose a picture to begin.",
    opening: "Opening the picture…",
    preview: "Painting a preview…",
    previewDone: "This is a preview.",
    previewFiner: "This is a preview. At full size the marks are finer.",
    full: (share: number) => `Painting at full size: ${percent(share)}`,
    fullDone: (width: number, height: number) => `Painted at full size, ${area(width, height)}.`,
    saving: "Saving…",
    saved: (name: string) => `Saved as ${name}.`,
    styleAdded: (title: string) => `Added the style ${title}.`,
    live: "The camera is painted live.",
  },
  files: { picture: "picture", camera: "camera" },
  errors: {
    start: "The page could not load its styles. Reload it, and look whether this device is online.",
    runtime: "This browser cannot run the painter: it needs WebAssembly. Update the browser, or try another one.",
    painting: "The picture could not be painted: this device may be short of memory. Try a smaller picture.",
    worker: "The painter stopped: this device may be short of memory. Reload the page.",
    style: "That is not a style file of fastnst, or it is damaged.",
    otherNetwork: "That style belongs to another network than the one of this page.",
    notAPicture: (name: string) =>
      `${name} is not a picture that this browser can open. Try a JPEG, PNG or WebP file.`,
    tooLarge: (width: number, height: number, most: number) =>
      `The picture has ${area(width, height)}: more than ${count(most / 1e6)} megapixels. Make it smaller first.`,
    tooSmall: (width: number, height: number, least: number) =>
      `The picture has ${area(width, height)}: each side needs at least ${count(least)} pixels.`,
    canvas:
      "This browser hides what is in a picture from pages, against being recognised: allow this page to read it (canvas data).",
    memory: "This device cannot hold a picture of that size. Make it smaller first.",
    saving: "The painting could not be saved: this device may be short of memory.",
    camera: {
      denied: "The camera may not be used: allow it for this page in the settings of the browser.",
      none: "No camera was found.",
      busy: "The camera does not start: another program may be using it.",
      unavailable: "The browser gives no camera to this page: open it over https or from this device.",
      ended: "The camera was switched off or unplugged.",
    },
  },
};

function area(width: number, height: number): string {
  return `${count(width)} × ${count(height)} pixels`;
}

function liveRate(rate: number, side: number): string {
  return `${decimal(rate)} pictures a second, ${count(side)} pixels`;
}
