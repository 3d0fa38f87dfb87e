import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

import { defineConfig, type Plugin } from "vitest/config";

const RUNTIME = ["ort-wasm-simd-threaded.mjs", "ort-wasm-simd-threaded.wasm"];

/** The runtime as files of their own: its threads load them again. */
function runtime(): Plugin {
  const { resolve } = createRequire(import.meta.url);
  return {
    name: "runtime",
    generateBundle() {
      for (const name of RUNTIME) {
        const source = readFileSync(resolve(`onnxruntime-web/${name}`));
        this.emitFile({ type: "asset", fileName: `ort/${name}`, source });
      }
    },
  };
}

export default defineConfig({
  base: "./", // the site works from any folder of any host
  plugins: [runtime()],
  resolve: { conditions: ["onnxruntime-web-use-extern-wasm", "module", "browser", "development|production"] },
  build: { outDir: "../src/fastnst/page/site", emptyOutDir: true, target: "es2022", modulePreload: { polyfill: false } },
  worker: { format: "es" },
  test: { environment: "node" },
});
