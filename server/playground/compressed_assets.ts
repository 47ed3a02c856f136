import { readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { gzipSync } from "node:zlib";

/** A plugin of Vite that compresses every asset, for the server to send as it is. The reader uses it, too. */
export function compressedAssets() {
  return {
    name: "compressed-assets",
    apply: "build" as const,
    async writeBundle({ dir }: { dir?: string }) {
      const folder = join(dir!, "assets");
      for (const name of await readdir(folder)) {
        const path = join(folder, name);
        await writeFile(`${path}.gz`, gzipSync(await readFile(path), { level: 9 }));
        await rm(path);
      }
    },
  };
}
