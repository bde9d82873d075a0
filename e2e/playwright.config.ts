import { defineConfig } from '@playwright/test';

// The browser is our own (see lib/browser.ts): Playwright only drives it.
const BUSY = Number(process.env.E2E_WORKERS ?? 3);
const WAITING = 3;

export default defineConfig({
  testDir: 'tests',
  outputDir: 'results',
  fullyParallel: true,
  workers: BUSY + WAITING,
  // What spends its time waiting does so beside the others, and begins first: it has the longest tests.
  projects: [
    { name: 'waits', grep: /@waits/, workers: WAITING },
    { name: 'busy', grepInvert: /@waits/, workers: BUSY },
  ],
  retries: 0,
  forbidOnly: !!process.env.CI,
  timeout: 60_000,
  expect: { timeout: 15_000 },
  reporter: [['list'], ['./lib/failures.ts']],
});
