import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";

import type { Style } from "../../src/engine/client";
import { strings } from "../../src/strings";
import { thumbnailOf } from "../../src/ui/gallery";
import { openPicture } from "../../src/ui/picture";

/** What the browser of these tests finds in each file, and how large its canvases may be. */
const browser = { width: 0, height: 0, loads: true, decodes: true, mostPixels: Infinity, canvases: 0, hides: false };
const addresses = new Set<string>();

class FakeElement {
  onload = () => {};
  onerror = () => {};
  naturalWidth = 0;
  naturalHeight = 0;
  textContent = "";
  inPlace: FakeElement = this;
  set src(_: string) {
    Object.assign(this, { naturalWidth: browser.width, naturalHeight: browser.height });
    queueMicrotask(() => (browser.loads ? this.onload() : this.onerror()));
  }
  removeAttribute(): void {}
  replaceWith(other: FakeElement): void {
    this.inPlace = other;
  }
}

class FakeCanvas {
  width = 0;
  height = 0;
  getContext() {
    browser.canvases += 1;
    const drawn = () => (this.width * this.height <= browser.mostPixels ? 255 : 0);
    const pen = { fillStyle: "", fillRect() {}, drawImage() {}, getImageData };
    function getImageData() {
      const filled = [...pen.fillStyle.matchAll(/\d+/g)].map((digits) => Number(digits[0]));
      return { data: [...(browser.hides ? [255, 255, 255] : filled.map((value) => value ^ 1)), drawn()] };
    }
    return pen;
  }
}

async function fakeBitmap(): Promise<object> {
  // An address that is gone too early cannot be read any more.
  if (!browser.decodes || addresses.size === 0) throw new DOMException("", "InvalidStateError");
  return { width: browser.width, height: browser.height, close() {} };
}

beforeEach(() => {
  Object.assign(browser, { width: 64, height: 48, loads: true, decodes: true, mostPixels: Infinity, canvases: 0, hides: false });
  addresses.clear();
  const createElement = (kind: string) => (kind === "canvas" ? new FakeCanvas() : new FakeElement());
  vi.stubGlobal("document", { createElement });
  vi.stubGlobal("Image", FakeElement);
  vi.stubGlobal("createImageBitmap", fakeBitmap);
  vi.spyOn(URL, "createObjectURL").mockImplementation(() => {
    addresses.add("blob:1");
    return "blob:1";
  });
  vi.spyOn(URL, "revokeObjectURL").mockImplementation((url) => void addresses.delete(url));
});
afterEach(() => {
  expect(addresses.size).toBe(0);
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

describe("a picture", () => {
  const opened = () => openPicture(new File([], "a.jpg"));
  const none = strings.errors.notAPicture("a.jpg");

  test("is opened", async () => {
    expect(await opened()).toMatchObject({ name: "a.jpg", width: 64, height: 48 });
  });

  test.each([{ loads: false }, { width: 0 }, { decodes: false }])("is none with %o", async (found) => {
    Object.assign(browser, found);
    await expect(opened()).rejects.toThrow(none);
  });

  test("that is too large is refused before anything as large is made", async () => {
    Object.assign(browser, { width: 10001, height: 5000 });
    await expect(opened()).rejects.toThrow("more than 50 megapixels");
    expect(browser.canvases).toBe(0);
  });

  test("that no canvas of this browser can hold is refused, not painted blank", async () => {
    browser.mostPixels = 64 * 48;
    await opened();
    browser.mostPixels -= 1;
    await expect(opened()).rejects.toThrow(strings.errors.memory);
  });

  test("of which the browser gives made-up pixels is refused, not painted", async () => {
    browser.hides = true;
    await expect(opened()).rejects.toThrow(strings.errors.canvas);
  });
});

describe("a style's thumbnail", () => {
  const style = { name: "x", title: "Irises", thumbnail: new Blob() } as Style;
  const shown = async () => {
    const letter = thumbnailOf(style) as unknown as FakeElement;
    expect([letter.textContent, letter.inPlace]).toEqual(["I", letter]);
    await Promise.resolve();
    return letter.inPlace === letter ? "letter" : "picture";
  };

  test("takes the place of the letter once it is loaded", async () => expect(await shown()).toBe("picture"));

  test.each([{ loads: false }, { width: 257 }, { height: 16383 }])("does not with %o", async (found) => {
    Object.assign(browser, found);
    expect(await shown()).toBe("letter");
  });
});
