import { describe, expect, test } from "vitest";

import html from "../../index.html?raw";
import { strings } from "../../src/strings";
import { cameraSentence, nextCamera, otherCamera } from "../../src/ui/camera";
import { shareAt } from "../../src/ui/compare";
import { sorted } from "../../src/ui/input";

describe("index.html", () => {
  const named = [...html.matchAll(/data-(?:text|label)="(\w+)"/g)].map((match) => match[1]);

  test("asks for every fixed text, and for no other", () => {
    expect([...new Set(named)].sort()).toEqual(Object.keys(strings.page).sort());
  });

  test("has no text of its own but the one for pages without script", () => {
    const body = html.slice(html.indexOf("<body>")).replace(/<p id="no-script">[^<]*<\/p>/, "");
    expect(body.replace(/<!--.*?-->|<[^>]*>/gs, "").trim()).toBe("");
  });

  test("has nothing that its own policy forbids", () => {
    expect(html).toContain("default-src 'none'");
    expect(html).not.toMatch(/unsafe-inline|unsafe-eval'(?<!wasm-unsafe-eval')/);
    expect(html).not.toMatch(/\sstyle="|<style|\son\w+="|<script(?![^>]*\ssrc=)/);
    expect(html.replaceAll("http://www.w3.org/2000/svg", "")).not.toMatch(/https?:\/\//);
  });

  test("labels every field that is not hidden", () => {
    for (const [tag] of html.matchAll(/<(?:input|select)\b[^>]*>/g)) {
      const id = /id="([\w-]+)"/.exec(tag)?.[1];
      const inLabel = html.includes(`<label class="check">\n              ${tag}`);
      const labelled = /\shidden|data-label=/.test(tag) || html.includes(`for="${id}"`) || inLabel;
      expect(labelled, tag).toBe(true);
    }
  });
});

test("of files that are dropped together, styles are told from the picture", () => {
  const files = ["a.style.safetensors", "b.jpg", "c.png", "D.SAFETENSORS"].map((name) => ({ name }));
  const { picture, styles } = sorted(files);
  expect(picture?.name).toBe("b.jpg");
  expect(styles.map(({ name }) => name)).toEqual(["a.style.safetensors", "D.SAFETENSORS"]);
  expect(sorted([])).toEqual({ picture: null, styles: [] });
});

test("the divider follows the pointer and stays on the picture", () => {
  expect([shareAt(150, 100, 200), shareAt(0, 100, 200), shareAt(900, 100, 200)]).toEqual([0.25, 0, 1]);
  expect(shareAt(10, 0, 0)).toBe(0);
});

describe("cameras", () => {
  test("on phones the other side is asked for", () => {
    expect(otherCamera({ facing: "user" }, ["a", "b"])).toEqual({ facingMode: { ideal: "environment" } });
    expect(otherCamera({ facing: "environment" }, ["a"])).toEqual({ facingMode: { ideal: "user" } });
  });

  test("where they do not say their side, the next one", () => {
    expect(otherCamera({ device: "a" }, ["a", "b"])).toEqual({ deviceId: { exact: "b" } });
    expect(otherCamera({ device: "b" }, ["a", "b"])).toEqual({ deviceId: { exact: "a" } });
    expect(otherCamera({}, [])).toEqual({});
    expect(nextCamera({ facing: "user", device: "a" }, ["a", "b"])).toEqual({ deviceId: { exact: "b" } });
  });

  test("each way to fail has its sentence", () => {
    const { denied, none, busy } = strings.errors.camera;
    const names = ["NotAllowedError", "NotFoundError", "NotReadableError", "anything else"];
    expect(names.map(cameraSentence)).toEqual([denied, none, busy, busy]);
  });
});
