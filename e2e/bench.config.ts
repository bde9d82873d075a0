import { defineConfig } from '@playwright/test';

// Measures, one page at a time: `cargo xtask bench page`.
export default defineConfig({
  testDir: 'bench',
  testMatch: '*.bench.ts',
  outputDir: 'results',
  workers: 1,
  timeout: 3_600_000,
  reporter: [['line']],
});
