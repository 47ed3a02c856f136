import { readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { gzipSync } from "node:zlib";

import react from "@vitejs/plugin-react";
import { defineConfig, type Plugin } from "vite";

/** Compresses every file, for the server to send as it is. */
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
  base: "/graphql/",
  logLevel: "warn",
  plugins: [react(), compressed()],
  build: {
    // Files only: the page's policy allows no script from a `data:` address.
    assetsInlineLimit: 0,
    // The editor alone is larger than what Vite warns of.
    chunkSizeWarningLimit: 5000,
    rolldownOptions: {
      // Directives of the React compiler, which has done its work in the packages.
      onwarn: (warning, warn) => {
        if (warning.code !== "MODULE_LEVEL_DIRECTIVE") {
          warn(warning);
        }
      },
    },
  },
  worker: { format: "es" },
});
