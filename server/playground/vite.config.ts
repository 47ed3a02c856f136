import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

import { compressedAssets } from "./compressed_assets.ts";

export default defineConfig({
  base: "/graphql/",
  logLevel: "warn",
  plugins: [react(), compressedAssets()],
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
