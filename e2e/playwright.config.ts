import { defineConfig } from '@playwright/test';

// The browser is our own (see lib/browser.ts): Playwright only drives it.
const BUSY = Number(process.env.E2E_WORKERS ?? 2);

export default defineConfig({
  testDir: 'tests',
  outputDir: 'results',
  fullyParallel: true,
  workers: BUSY + 1,
  // What spends its time waiting does so beside the others.
  projects: [
    { name: 'busy', grepInvert: /@waits/, workers: BUSY },
    { name: 'waits', grep: /@waits/, workers: 1 },
  ],
  retries: 0,
  forbidOnly: !!process.env.CI,
  timeout: 60_000,
  expect: { timeout: 15_000 },
  reporter: [['list']],
});
