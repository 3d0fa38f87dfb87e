import { describe, expect, test } from "vitest";

import { previewMarks, previewSize, refusal, shownSize, withShortSide } from "../../src/ui/sizes";

const size = (width: number, height: number) => ({ width, height });

describe("which pictures are taken", () => {
  test.each([
    [16, 16],
    [4032, 3024],
    [10000, 5000],
  ])("%d x %d is", (width, height) => expect(refusal(size(width, height))).toBeNull());

  test("one pixel short of the least side is not", () => {
    expect(refusal(size(15, 400))).toContain("at least 16 pixels");
    expect(refusal(size(400, 15))).not.toBeNull();
  });

  test("more than 50 megapixels are not", () => {
    expect(refusal(size(10001, 5000))).toContain("more than 50 megapixels");
  });
});

describe("fitting", () => {
  test("the short side of a preview is 320, and 512 in the light network", () => {
    expect(previewSize(size(4032, 3024), "full")).toEqual(size(427, 320));
    expect(previewSize(size(3024, 4032), "full")).toEqual(size(320, 427));
    expect(previewSize(size(4032, 3024), "light")).toEqual(size(683, 512));
  });

  test("small pictures are not enlarged", () => {
    expect(previewSize(size(300, 200), "light")).toEqual(size(300, 200));
    expect(shownSize(size(300, 200))).toEqual(size(300, 200));
    expect(withShortSide(size(120, 90), 160)).toEqual(size(120, 90));
  });

  test("the preview of a long strip is neither huge nor thinner than can be painted", () => {
    expect(previewSize(size(20000, 2000), "full")).toEqual(size(1280, 128));
    expect(previewSize(size(16, 20000), "full")).toEqual(size(16, 1280));
  });

  test("the camera keeps its proportions", () => {
    expect(withShortSide(size(1920, 1080), 160)).toEqual(size(284, 160));
  });

  test("only a clearly smaller preview has coarser marks", () => {
    expect(previewMarks(size(640, 480), 1, "full")).toEqual({ marks: 1, coarser: true });
    expect(previewMarks(size(640, 480), 1, "light")).toEqual({ marks: 1, coarser: false });
    expect(previewMarks(size(640, 480), 3, "full")).toEqual({ marks: 2, coarser: false });
    expect(previewMarks(size(200, 200), 0.5, "full")).toEqual({ marks: 1, coarser: true });
    expect(previewMarks(size(4000, 3200), 9, "full")).toEqual({ marks: 1, coarser: false });
  });
});
