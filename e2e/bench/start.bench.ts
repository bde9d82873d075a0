// How long from navigation to the first row of the board: cold (nothing cached), a real gateway, builds taking turns.
// `cargo xtask bench start BEFORE AFTER`
import os from 'node:os';
import { test } from '@playwright/test';
import { RealBrowser } from '../lib/browser';
import { Gateway } from '../lib/gateway';
import { Site } from '../lib/site';

const RUNS = Number(process.env.BENCH_RUNS ?? 9);

interface Marks {
  /** Anything of the board, the skeleton included (ms after navigation). */
  painted: number;
  /** The page's own program has rendered. */
  mounted: number;
  row: number;
}

test('navigation to first row', async () => {
  const chrome = await RealBrowser.start();
  const dists = (process.env.BENCH_DISTS ?? '').split(',');
  const sites = await Promise.all(dists.map((dist) => Site.start({}, dist)));
  const origins = sites.map((site) => new URL(site.url('/')).origin);
  const gateway = await Gateway.start({ stores: false, origins });
  const found: Marks[][] = dists.map(() => []);
  for (let run = 0; run <= RUNS; run += 1) {
    for (const [at, site] of sites.entries()) {
      site.configure({ url: gateway.url });
      // Of its own: neither files nor compiled code are left of the run before.
      const context = await chrome.browser.newContext();
      const page = await context.newPage();
      await page.addInitScript(() => {
        const marks: Record<string, number> = {};
        Object.assign(window, { marks });
        const look = () => {
          const now = performance.now();
          if (document.querySelector('[data-testid="incident-title"]')) marks.row ??= now;
          if (document.querySelector('[data-testid="incidents-panel"]')) marks.mounted ??= now;
        };
        new MutationObserver(look).observe(document, { childList: true, subtree: true });
      });
      await page.goto(site.url('/'));
      await page.waitForFunction(() => (window as unknown as { marks: Marks }).marks.row, undefined, { polling: 50 });
      const marks = await page.evaluate(() => {
        const paint = performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? 0;
        return { ...(window as unknown as { marks: Marks }).marks, painted: paint };
      });
      // The first run warms the processor and the disk's cache.
      if (run > 0) found[at]!.push(marks);
      await context.close();
    }
  }
  await Promise.all([chrome.stop(), gateway.stop(), ...sites.map((site) => site.stop())]);
  const median = (values: number[]) => Math.round(values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0);
  console.log(`\n${os.cpus().length} × ${os.cpus()[0]?.model}, load ${os.loadavg()[0]?.toFixed(1)}, medians of ${RUNS} runs, ms after navigation`);
  for (const [at, dist] of dists.entries()) {
    const of = (pick: (marks: Marks) => number) => median(found[at]!.map(pick));
    const rows = found[at]!.map(({ row }) => Math.round(row)).toSorted((a, b) => a - b);
    console.log(`first paint ${of(({ painted }) => painted)}, mounted ${of(({ mounted }) => mounted)}, first row ${of(({ row }) => row)} (${rows.join(' ')})  ${dist}`);
  }
});
