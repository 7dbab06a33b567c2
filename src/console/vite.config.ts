import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

export default defineConfig({
  root: import.meta.dirname,
  plugins: [react()],
  build: {
    outDir: '../../dist/console',
    emptyOutDir: true,
    target: 'es2022',
    // The policy wants files; a `data:` address is none.
    assetsInlineLimit: 0,
    // A test holds what the page loads at first to its limit.
    chunkSizeWarningLimit: 1_000,
  },
  // The service puts a nonce of its own into every page that it serves.
  html: { cspNonce: 'CSP_NONCE' },
});
