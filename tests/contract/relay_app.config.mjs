// Vite's configuration for an app on Relay: APP is its folder with the artifacts of the compiler, TARGET node or browser.
import { join } from 'node:path'
import { transformAsync } from '@babel/core'
import { defineConfig } from 'vite'

const app = process.env.APP
const main = join(app, 'main.jsx')

/** Replaces the documents by imports of their artifacts. */
const relay = {
  name: 'relay',
  enforce: 'pre',
  async transform(code, id) {
    if (!id.startsWith(app) || !code.includes('graphql`')) return null
    const options = { artifactDirectory: join(app, 'artifacts'), eagerEsModules: true }
    return transformAsync(code, {
      filename: id,
      babelrc: false,
      configFile: false,
      parserOpts: { plugins: ['jsx'] },
      plugins: [['relay', options]],
    })
  },
}

export default defineConfig({
  root: app,
  logLevel: 'error',
  plugins: [relay],
  oxc: { jsx: { runtime: 'automatic' } },
  define: { 'process.env.NODE_ENV': '"production"' },
  ssr: { noExternal: true },
  build: {
    ...(process.env.TARGET === 'node' ? { ssr: main } : { lib: { entry: main, formats: ['es'], fileName: 'main' } }),
    outDir: join(app, 'dist'),
    minify: false,
  },
})
