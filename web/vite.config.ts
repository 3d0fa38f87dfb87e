import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

import { defineConfig, type Plugin } from "vitest/config";

const { resolve } = createRequire(import.meta.url);
// for the processor, and for graphics cards
const FILES = ["", ".jspi"].flatMap((kind) => ["mjs", "wasm"].map((ending) => `ort-wasm-simd-threaded${kind}.${ending}`));
const FOLDER = `ort-${createHash("sha256").update(readFileSync(resolve(`onnxruntime-web/${FILES[0]}`))).digest("hex").slice(0, 8)}`;

/** The runtime as files of their own: its threads load them again. */
function runtime(): Plugin {
  return {
    name: "runtime",
    generateBundle() {
      for (const name of FILES) {
        const source = readFileSync(resolve(`onnxruntime-web/${name}`));
        this.emitFile({ type: "asset", fileName: `${FOLDER}/${name}`, source });
      }
    },
  };
}

/** The service worker, another one for each build, with the page's policy. */
function serviceWorker(): Plugin {
  return {
    name: "service-worker",
    enforce: "post",
    generateBundle(_, bundle) {
      const build = createHash("sha256").update(Object.keys(bundle).sort().join()).digest("hex").slice(0, 8);
      const policy = /content="(default-src[^"]+)"/.exec(readFileSync("index.html", "utf8"))?.[1] ?? "";
      const source = readFileSync("src/sw.js", "utf8").replace("BUILD", build).replace("POLICY", policy);
      this.emitFile({ type: "asset", fileName: "sw.js", source });
    },
  };
}

export default defineConfig({
  base: "./", // the site works from any folder of any host
  plugins: [runtime(), serviceWorker()],
  define: { RUNTIME_FOLDER: JSON.stringify(FOLDER) },
  resolve: { conditions: ["onnxruntime-web-use-extern-wasm", "module", "browser", "development|production"] },
  build: { outDir: "../src/fastnst/page/site", emptyOutDir: true, target: "es2022", modulePreload: { polyfill: false } },
  worker: { format: "es" },
  test: { environment: "node" },
});
