import { readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { gzipSync } from "node:zlib";

import react from "@vitejs/plugin-react";
import { defineConfig, type Plugin } from "vite";

/** Compresses every asset, for the server to send as it is. */
function compressed(): Plugin {
  return {
    name: "compressed",
    apply: "build",
    async writeBundle({ dir }) {
      const folder = join(dir!, "assets");
      for (const name of await readdir(folder)) {
        const path = join(folder, name);
        await writeFile(`${path}.gz`, gzipSync(await readFile(path), { level: 9 }));
        await rm(path);
      }
    },
  };
}

export default defineConfig({
  logLevel: "warn",
  plugins: [react(), compressed()],
  build: {
    outDir: "../server/reader",
    emptyOutDir: true,
    // Files only: the page's policy allows no script, style or font from a `data:` address.
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 600,
    // The policy demands trusted types, and browsers that follow it preload modules themselves.
    modulePreload: { polyfill: false },
  },
  // `npm run dev` beside `reprise serve`.
  server: { proxy: { "/graphql": { target: "http://127.0.0.1:8000", ws: true } } },
});
