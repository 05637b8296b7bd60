import { defineConfig } from "vite";

// The pages are served under a policy without inline scripts and styles, so
// nothing is inlined. public/.gitkeep keeps dist in the repository, which the
// binary embeds.
export default defineConfig({
  base: "/",
  build: { outDir: "dist", emptyOutDir: true, target: "es2022", assetsInlineLimit: 0, modulePreload: { polyfill: false } },
});
