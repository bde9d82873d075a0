import { defineConfig } from '@playwright/test';

// Takes the pictures of docs/images, one page at a time: `cargo xtask screenshots`.
export default defineConfig({
  testDir: 'screenshots',
  testMatch: '*.shots.ts',
  outputDir: 'results',
  workers: 1,
  timeout: 120_000,
  reporter: [['list']],
});
