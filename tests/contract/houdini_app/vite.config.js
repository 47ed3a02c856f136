import { join } from 'node:path'

const root = import.meta.dirname

export default {
  root,
  logLevel: 'error',
  resolve: { alias: { $houdini: join(root, '.houdini') } },
  ssr: { noExternal: true },
  build: { ssr: join(root, 'src', 'main.js'), outDir: join(root, 'dist'), minify: false },
}
