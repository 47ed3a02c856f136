import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

import { compressedAssets } from "../server/playground/compressed_assets.ts";

export default defineConfig({
  logLevel: "warn",
  plugins: [react(), compressedAssets()],
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
