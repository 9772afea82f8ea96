import react from '@vitejs/plugin-react'
import { defineConfig } from 'vitest/config'

/** Browsers that know `light-dark()` and nested rules by themselves: what is written is what is served. */
const BROWSERS = ['chrome123', 'firefox128', 'safari17.5']

export default defineConfig({
  plugins: [react()],
  build: {
    target: BROWSERS,
    cssTarget: BROWSERS,
    // Everything is a file of its own origin: the content policy allows fonts from 'self' only.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  server: {
    host: '127.0.0.1',
    proxy: { '/api': 'http://127.0.0.1:8080', '/readyz': 'http://127.0.0.1:8080' },
  },
  test: { environment: 'node', include: ['src/**/*.test.ts'] },
})
