import { describe, expect, test } from "vitest";

import { savedName } from "../../src/ui/names";
import { numbersIn } from "../../src/ui/numbers";

describe("numbers", () => {
  test("in English", () => {
    const { count, percent, decimal } = numbersIn(["en-GB"]);
    expect([count(4032), percent(0.42), decimal(1.25)]).toEqual(["4,032", "42%", "1.3"]);
  });

  test("in German and in Arabic digits", () => {
    expect(numbersIn(["de-DE"]).decimal(1.5)).toBe("1,5");
    expect(numbersIn(["ar-EG"]).count(12)).toBe("١٢");
  });

  test("a language that Intl refuses is no error", () => {
    expect(numbersIn(["en-US@posix"]).decimal(2)).not.toBe("");
    expect(numbersIn([]).count(2)).not.toBe("");
  });
});

describe("names of saved files", () => {
  test.each([
    ["photo.jpg", ["starry_night"], "png", "photo_starry_night.png"],
    ["photo.jpg", ["irises", "red_fuji"], "jpg", "photo_irises_red_fuji.jpg"],
    ["Größe 写真.v2.heic", ["irises"], "jpg", "Größe 写真.v2_irises.jpg"],
    ["camera", ["irises"], "png", "camera_irises.png"],
    [".jpg", ["irises"], "png", "picture_irises.png"],
    ["a.png", [], "png", "a.png"],
  ] as const)("%s in %s", (picture, styles, ending, name) => {
    expect(savedName(picture, styles, ending)).toBe(name);
  });

  test("nothing in them leads elsewhere or hides the ending", () => {
    expect(savedName("../../etc:x.jpg", ["a/b\\c"], "png")).toBe("_.._etc_x_a_b_c.png");
    expect(savedName("a\u202egpj\n.png", ["b\u0000"], "png")).toBe("agpj_b.png");
  });

  test("they stay short enough for every file system", () => {
    const name = savedName(`${"😀".repeat(300)}.png`, ["s".repeat(300)], "png");
    expect(new TextEncoder().encode(name).length).toBeLessThanOrEqual(255);
  });
});
