import { fileURLToPath } from 'node:url';
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vitest/config';

const path = (name: string) => fileURLToPath(new URL(name, import.meta.url));

// A running server for `npm run dev`, which serves the page with changes at once.
const server = process.env.STUDYCAST_SERVER ?? 'http://127.0.0.1:8080';

export default defineConfig({
  plugins: [react()],
  resolve: { alias: { '@studycast/client': path('../../clients/typescript/src/index.ts') } },
  build: {
    target: 'es2022',
    // The policy of the page allows files of this host only, nothing inline.
    assetsInlineLimit: 0,
    emptyOutDir: true,
  },
  server: { proxy: { '/v1': server, '/docs': server } },
  test: { environment: 'jsdom', include: ['src/**/*.test.{ts,tsx}'] },
});
