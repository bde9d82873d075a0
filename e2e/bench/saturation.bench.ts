// How many events a second each page takes at most, sent as fast as it reads them: from the first one sent until the last one is
// on the screen, so what waits in queues of the page counts. In one run, taking turns.
import { writeFile } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';
import { expect, test } from '@playwright/test';
import { RealBrowser } from '../lib/browser';
import { Site } from '../lib/site';
import { bundle } from './bundle';
import { OWN } from './contenders';
import { Firehose, type Traffic } from './firehose';
import { machine, publish, table } from './report';

const RUNS = Number(process.env.BENCH_RUNS ?? 5);
const BY_HAND = ['list', 'worker'];
const NAMES = [...BY_HAND, ...Object.keys(OWN)];
const TRAFFIC: Traffic[] = [200, 2_000].flatMap((bytes) => [1, 64].map((perFrame) => ({ bytes, perFrame })));
const SETTLED_MS = 2_000;
const SENT_MS = 4_000;

interface Figures {
  /** Events a second. */
  rate: number;
  /** From the last event sent until it is on the screen, ms. */
  behind: number;
}

async function measure(chrome: RealBrowser, site: Site, name: string, traffic: Traffic): Promise<Figures> {
  const firehose = await Firehose.start(traffic);
  site.configure({ url: firehose.url });
  const page = await chrome.context.newPage();
  try {
    await page.goto(`${site.url(OWN[name] ?? `/bench-${name}`)}?url=${encodeURIComponent(firehose.url)}`);
    await expect.poll(() => firehose.connected).toBe(true);
    await pause(SETTLED_MS);
    const began = Date.now();
    const sent = await firehose.run(SENT_MS);
    const stopped = Date.now();
    firehose.last('the-last');
    // The page is as busy as can be: it is asked once, and answers when it comes to it.
    const painted = await page.evaluate(async () => {
      const frame = () => new Promise((resolve) => requestAnimationFrame(resolve));
      while (!document.querySelector('[data-incident-id="the-last"]')) await frame();
      await frame();
      return Date.now();
    });
    return { rate: (sent * 1_000) / (painted - began), behind: painted - stopped };
  } finally {
    await page.close();
    await firehose.stop();
  }
}

const median = (values: number[]) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;

test('saturation beside pages written by hand', async () => {
  const [chrome, site] = await Promise.all([RealBrowser.start(), Site.start({})]);
  for (const name of BY_HAND) {
    const { answer } = await bundle(name);
    site.overrides.set(`/bench-${name}`, () => answer);
  }
  const all: Record<string, Figures[]> = {};
  for (let run = 0; run < RUNS; run += 1) {
    for (const traffic of TRAFFIC) {
      for (const name of NAMES) {
        (all[`${traffic.bytes} ${traffic.perFrame} ${name}`] ??= []).push(await measure(chrome, site, name, traffic));
      }
    }
  }
  await Promise.all([chrome.stop(), site.stop()]);
  const rows: (string | number)[][] = [];
  for (const { bytes, perFrame } of TRAFFIC) {
    const rate = (name: string) => median((all[`${bytes} ${perFrame} ${name}`] ?? []).map(({ rate }) => rate));
    for (const name of NAMES) {
      const figures = all[`${bytes} ${perFrame} ${name}`] ?? [];
      const rates = figures.map(({ rate }) => Math.round(rate));
      const behind = Math.round(median(figures.map(({ behind }) => behind)));
      rows.push([bytes, perFrame, name, Math.round(rate(name)), (rate(name) / rate('worker')).toFixed(2), `${Math.min(...rates)} to ${Math.max(...rates)}`, behind]);
    }
  }
  const head = ['bytes', 'events in a frame', 'page', 'events/s', 'to worker', 'range', 'last one shown after, ms'];
  await publish('saturation', `${machine()}; ${RUNS} runs, taking turns; medians.\n\n${table(head, rows)}`);
  if (process.env.BENCH_JSON) await writeFile(process.env.BENCH_JSON, JSON.stringify(all, null, 1));
});
