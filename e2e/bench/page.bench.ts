// What the pages cost at several rates of events, beside pages written by hand: processor time of the main thread and of all
// threads, gaps between frames, long tasks. In one run, taking turns; medians are compared, absolute figures only printed.
import { writeFile } from 'node:fs/promises';
import os from 'node:os';
import { setTimeout as pause } from 'node:timers/promises';
import { type Page, test } from '@playwright/test';
import { RealBrowser } from '../lib/browser';
import { Gateway } from '../lib/gateway';
import { Site } from '../lib/site';
import { CONTENDERS } from './contenders';
import { begin, type Threads } from './threads';

const RUNS = Number(process.env.BENCH_RUNS ?? 3);
const RATES = (process.env.BENCH_RATES ?? '2,100,1000').split(',').map(Number);
const WARM_MS = 4_000;
const MEASURED_MS = 6_000;
/** A main thread that waited longer than this for a processor (ms per second) was measured beside other work. */
const WAITED_MOST = 100;

interface Figures extends Threads {
  /** Gaps between frames: median, 99th percentile, longest (ms). */
  gaps: [number, number, number];
  /** Tasks over 50 ms in ten seconds. */
  long: number;
}

/** Starts to count frames and long tasks on the page. */
function probe(page: Page): Promise<void> {
  return page.evaluate(() => {
    const gaps: number[] = [];
    let last = performance.now();
    const frame = (now: number) => {
      gaps.push(now - last);
      last = now;
      requestAnimationFrame(frame);
    };
    requestAnimationFrame(frame);
    const tasks: number[] = [];
    new PerformanceObserver((list) => tasks.push(...list.getEntries().map(({ duration }) => duration))).observe({ type: 'longtask' });
    Object.assign(window, { bench: { gaps, tasks } });
  });
}

async function measure(chrome: RealBrowser, site: Site, name: string, rate: number): Promise<Figures> {
  const { route } = CONTENDERS[name]!;
  const gateway = await Gateway.start({ args: ['--rate', String(rate)], stores: false, origins: [new URL(site.url('/')).origin] });
  site.configure({ url: gateway.url });
  const page = await chrome.context.newPage();
  try {
    await page.goto(`${site.url(route)}?url=${encodeURIComponent(gateway.url)}`);
    await pause(WARM_MS);
    // A frame asked for is a frame made: at low rates the probe would be what is measured.
    if (rate >= 100) await probe(page);
    const end = await begin(chrome.browser);
    const began = performance.now();
    await pause(MEASURED_MS);
    const used = end();
    const seconds = (performance.now() - began) / 1_000;
    const { gaps, tasks } = await page.evaluate(() => {
      const { bench } = window as unknown as { bench?: { gaps: number[]; tasks: number[] } };
      return bench ?? { gaps: [], tasks: [] };
    });
    const each = Object.entries(used).map(([key, ms]) => [key, ms / seconds]);
    const sorted = gaps.toSorted((a, b) => a - b);
    const at = (part: number) => sorted[Math.floor(part * (sorted.length - 1))] ?? 0;
    return { ...(Object.fromEntries(each) as unknown as Threads), gaps: [at(0.5), at(0.99), at(1)], long: (tasks.length * 10) / seconds };
  } finally {
    await page.close();
    await gateway.stop();
  }
}

const median = (values: number[]) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;

test('pages beside pages written by hand', async () => {
  const [chrome, site] = await Promise.all([RealBrowser.start(), Site.start({})]);
  for (const { route, answer } of Object.values(CONTENDERS)) if (answer) site.overrides.set(route, () => answer);
  const all: Record<string, Figures[]> = {};
  for (let run = 0; run < RUNS; run += 1) {
    for (const rate of RATES) {
      for (const name of Object.keys(CONTENDERS)) {
        let figures = await measure(chrome, site, name, rate);
        // Once: a machine that is never quiet is marked in the table.
        if (figures.waited > WAITED_MOST) figures = await measure(chrome, site, name, rate);
        (all[`${rate} ${name}`] ??= []).push(figures);
      }
    }
  }
  await Promise.all([chrome.stop(), site.stop()]);
  const lines = [
    `${os.cpus().length} × ${os.cpus()[0]?.model}, load ${os.loadavg().map((load) => load.toFixed(1)).join(' ')}, ${RUNS} runs, medians, ms per second`,
    '| events/s | page | main thread | to list | range | workers | all threads | waited | frame gaps p50 / p99 / max | long tasks in 10 s |',
    '|---|---|---|---|---|---|---|---|---|---|',
  ];
  for (const rate of RATES) {
    const list = median((all[`${rate} list`] ?? []).map(({ main }) => main));
    for (const name of Object.keys(CONTENDERS)) {
      const runs = all[`${rate} ${name}`] ?? [];
      const of = (pick: (figures: Figures) => number) => Math.round(median(runs.map(pick)));
      const mains = runs.map(({ main }) => Math.round(main));
      const ratio = (median(runs.map(({ main }) => main)) / list).toFixed(2);
      const gaps = [0, 1, 2].map((at) => of(({ gaps }) => gaps[at] ?? 0)).join(' / ');
      const cells = [rate, name, of(({ main }) => main), ratio, `${Math.min(...mains)} to ${Math.max(...mains)}`];
      cells.push(of(({ workers }) => workers), of(({ all }) => all), of(({ waited }) => waited), gaps, of(({ long }) => long));
      lines.push(`| ${cells.join(' | ')} |`);
    }
  }
  console.log(`\n${lines.join('\n')}`);
  if (process.env.BENCH_JSON) await writeFile(process.env.BENCH_JSON, JSON.stringify(all, null, 1));
});
