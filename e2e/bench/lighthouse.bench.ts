// What Lighthouse says of builds as the gateway serves them: desktop and phone, each page, the median of some runs.
// `cargo xtask bench lighthouse DIR…`
import os from 'node:os';
import { expect, test } from '@playwright/test';
import lighthouse, { desktopConfig } from 'lighthouse';
import { RealBrowser } from '../lib/browser';
import { Gateway } from '../lib/gateway';

const RUNS = Number(process.env.BENCH_RUNS ?? 3);
const PAGES = ['/', '/realtime-demo'];
const CATEGORIES = ['performance', 'accessibility', 'best-practices', 'seo'] as const;
/** What is asked for, by category. A busy machine makes the first one lower. */
const LEAST = { desktop: [98, 100, 100, 100], phone: [95, 100, 100, 100] };

const median = (values: number[]) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;

test('lighthouse', async () => {
  console.log(`\n${os.cpus().length} × ${os.cpus()[0]?.model}, medians of ${RUNS} runs\n`);
  for (const dist of (process.env.BENCH_DISTS ?? '').split(',')) {
    const gateway = await Gateway.start({ stores: false, args: ['--rate', '1', '--seed', '5', '--serve', dist] });
    console.log(`${dist}\n\n| page | as | ${CATEGORIES.join(' | ')} | first paint | largest | blocked | shift | load |\n|---|---|${'---|'.repeat(9)}`);
    for (const route of PAGES) {
      for (const as of ['desktop', 'phone'] as const) {
        const scores: number[][] = CATEGORIES.map(() => []);
        const metrics: Record<string, number[]> = { 'first-contentful-paint': [], 'largest-contentful-paint': [], 'total-blocking-time': [], 'cumulative-layout-shift': [] };
        const faults = new Set<string>();
        for (let run = 0; run < RUNS; run += 1) {
          // Of its own: no file and no compiled code is left of the run before.
          const chrome = await RealBrowser.start();
          const config = as === 'desktop' ? desktopConfig : undefined;
          const result = await lighthouse(`http://127.0.0.1:${gateway.port}${route}`, { port: chrome.port, logLevel: 'error' }, config);
          await chrome.stop();
          const { categories, audits, runtimeError } = result!.lhr;
          expect(runtimeError, `${route}, ${as}`).toBeUndefined();
          for (const [at, name] of CATEGORIES.entries()) {
            scores[at]!.push(Math.round((categories[name]!.score ?? 0) * 100));
            for (const { id, weight } of categories[name]!.auditRefs) {
              const { score, title } = audits[id]!;
              if (at > 0 && weight > 0 && score !== null && score < 1) faults.add(`${name}: ${title}`);
            }
          }
          for (const [name, values] of Object.entries(metrics)) values.push(audits[name]!.numericValue ?? 0);
        }
        const found = scores.map(median);
        const [first, largest, blocked, shift] = Object.values(metrics).map(median) as [number, number, number, number];
        const ms = [first, largest, blocked].map((value) => `${Math.round(value)} ms`).join(' | ');
        console.log(`| ${route} | ${as} | ${found.join(' | ')} | ${ms} | ${shift.toFixed(3)} | ${os.loadavg()[0]!.toFixed(1)} |`);
        for (const fault of faults) console.log(`  ${fault}`);
        for (const [at, name] of CATEGORIES.entries()) {
          expect.soft(found[at], `${name} of ${route}, ${as}`).toBeGreaterThanOrEqual(LEAST[as][at]!);
        }
      }
    }
    await gateway.stop();
  }
});
