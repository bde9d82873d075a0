// What the pages cost at several rates of events, beside pages written by hand: processor time of the main thread and of all
// threads, gaps between frames, long tasks. In one run, taking turns; medians are compared, absolute figures only printed.
import { writeFile } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';
import { type Page, test } from '@playwright/test';
import { WebSocket } from 'ws';
import { RealBrowser } from '../lib/browser';
import { Gateway } from '../lib/gateway';
import { Site } from '../lib/site';
import { bundle } from './bundle';
import { BY_HAND, LIBRARIES, OWN } from './contenders';
import { PeerServer } from './peer-server';
import { bars, machine, publish, table } from './report';
import { begin, type Threads } from './threads';

const RUNS = Number(process.env.BENCH_RUNS ?? 5);
const RATES = (process.env.BENCH_RATES ?? '0,2,100,1000,10000').split(',').map(Number);
const WARM_MS = 4_000;
const MEASURED_MS = 6_000;
/** A main thread that waited longer than this for a processor (ms per second) was measured beside other work. */
const WAITED_MOST = 100;

interface Figures extends Threads {
  /** Gaps between frames: median, 99th percentile, longest (ms). */
  gaps: [number, number, number];
  /** Tasks over 50 ms in ten seconds. */
  long: number;
  /** From sending an event until it is painted, ms; empty where nothing is shown. */
  latencies: number[];
  /** JavaScript heap (bytes). */
  heap: number;
}

/** At this rate the libraries are measured, too. */
const LIBRARY_RATE = 1_000;
/** Events whose way to the screen is timed, and their distance (ms). */
const TIMED = 40;
const TIMED_MS = 75;

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

/** A client of the gateway. `take`: gets its frames. */
async function client(gateway: Gateway, take?: (text: string) => void): Promise<WebSocket> {
  const socket = new WebSocket(`${gateway.url}/`);
  await new Promise((resolve) => socket.once('open', resolve));
  const send = (type: string, payload: object) => socket.send(JSON.stringify({ type, channel: 'system', payload }));
  send('hello', { protocol: 1, client: 'bench/1', session: `bench-${take ? 'all' : 'timed'}`, term: 1 });
  if (take) {
    socket.on('message', (data) => take(data.toString()));
    send('subscribe', { channels: ['incidents', 'agents', 'alerts', 'activity', 'system'].map((channel) => ({ channel })) });
  }
  return socket;
}

/** How long new incidents take to the screen. */
async function timeToPaint(page: Page, gateway: Gateway): Promise<number[]> {
  await page.evaluate(() => {
    const painted: Record<string, number> = {};
    Object.assign(window, { painted });
    new MutationObserver(() => {
      for (const row of Array.from(document.querySelectorAll<HTMLElement>('[data-incident-id^="timed-"]'))) {
        const id = row.dataset.incidentId!;
        if (id in painted) continue;
        painted[id] = 0;
        requestAnimationFrame(() => (painted[id] = Date.now()));
      }
    }).observe(document.body, { subtree: true, childList: true });
  });
  const publisher = await client(gateway);
  const sent: Record<string, number> = {};
  const began = Date.now();
  for (let at = 0; at < TIMED; at += 1) {
    await pause(Math.max(0, began + at * TIMED_MS - Date.now()));
    const id = `timed-${at}`;
    // From when it was due, also where this process was late.
    sent[id] = began + at * TIMED_MS;
    const payload = { id, title: `Timed ${at}`, severity: 'critical' };
    publisher.send(JSON.stringify({ id, type: 'incident.create', channel: 'incidents', payload }));
  }
  await pause(1_000);
  publisher.terminate();
  const painted = await page.evaluate(() => (window as unknown as { painted: Record<string, number> }).painted);
  return Object.entries(painted).flatMap(([id, at]) => (at ? [at - sent[id]!] : []));
}

async function measure(chrome: RealBrowser, site: Site, name: string, rate: number): Promise<Figures> {
  const gateway = await Gateway.start({ args: ['--rate', String(rate)], stores: false, origins: [new URL(site.url('/')).origin] });
  site.configure({ url: gateway.url });
  const peers = LIBRARIES.includes(name) ? await PeerServer.start() : undefined;
  const feed = peers && (await client(gateway, (text) => messages(text).forEach((message) => peers.publish(JSON.stringify(message)))));
  const url = peers ? `ws://127.0.0.1:${peers.port}${PeerServer.path(name)}` : gateway.url;
  const page = await chrome.context.newPage();
  try {
    await page.goto(`${site.url(OWN[name] ?? `/bench-${name}`)}?url=${encodeURIComponent(url)}`);
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
    const session = await chrome.context.newCDPSession(page);
    const { usedSize: heap } = await session.send('Runtime.getHeapUsage');
    await session.detach();
    const latencies = name !== 'raw' && rate >= 100 ? await timeToPaint(page, gateway) : [];
    const each = Object.entries(used).map(([key, ms]) => [key, ms / seconds]);
    const sorted = gaps.toSorted((a, b) => a - b);
    const at = (part: number) => sorted[Math.floor(part * (sorted.length - 1))] ?? 0;
    return { ...(Object.fromEntries(each) as unknown as Threads), gaps: [at(0.5), at(0.99), at(1)], long: (tasks.length * 10) / seconds, latencies, heap };
  } finally {
    await page.close();
    feed?.terminate();
    await peers?.stop();
    await gateway.stop();
  }
}

function messages(text: string): object[] {
  const frame = JSON.parse(text) as object | object[];
  return Array.isArray(frame) ? frame : [frame];
}

const contenders = (rate: number) => [...BY_HAND, ...Object.keys(OWN), ...(rate === LIBRARY_RATE ? LIBRARIES : [])];

const median = (values: number[]) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;

test('pages beside pages written by hand', async () => {
  const [chrome, site] = await Promise.all([RealBrowser.start(), Site.start({})]);
  const weights: Record<string, number> = {};
  for (const name of [...BY_HAND, ...LIBRARIES]) {
    const { answer, gzip } = await bundle(name);
    weights[name] = gzip;
    site.overrides.set(`/bench-${name}`, () => answer);
  }
  const all: Record<string, Figures[]> = {};
  for (let run = 0; run < RUNS; run += 1) {
    for (const rate of RATES) {
      for (const name of contenders(rate)) {
        let figures = await measure(chrome, site, name, rate);
        // Once: a machine that is never quiet is marked in the table.
        if (figures.waited > WAITED_MOST) figures = await measure(chrome, site, name, rate);
        (all[`${rate} ${name}`] ??= []).push(figures);
      }
    }
  }
  await Promise.all([chrome.stop(), site.stop()]);
  const head = ['events/s', 'page', 'main thread', 'to list', 'range', 'workers', 'all threads', 'waited', 'frame gaps p50 / p99 / max', 'long tasks in 10 s'];
  head.push('sent to painted p50 / p95 / p99', 'JS heap, KB', 'script, KB gzip');
  const rows: (string | number)[][] = [];
  const plots: Record<string, string> = {};
  for (const rate of RATES) {
    const mainOf = (name: string) => median((all[`${rate} ${name}`] ?? []).map(({ main }) => main));
    for (const name of contenders(rate)) {
      const runs = all[`${rate} ${name}`] ?? [];
      const of = (pick: (figures: Figures) => number) => Math.round(median(runs.map(pick)));
      const mains = runs.map(({ main }) => Math.round(main));
      const gaps = [0, 1, 2].map((at) => of(({ gaps }) => gaps[at] ?? 0)).join(' / ');
      const times = runs.flatMap(({ latencies }) => latencies).toSorted((a, b) => a - b);
      const time = (part: number) => Math.round(times[Math.floor(part * (times.length - 1))] ?? 0);
      const cells = [rate, name, of(({ main }) => main), (mainOf(name) / mainOf('list')).toFixed(2), `${Math.min(...mains)} to ${Math.max(...mains)}`];
      cells.push(of(({ workers }) => workers), of(({ all }) => all), of(({ waited }) => waited), gaps, of(({ long }) => long));
      cells.push(times.length > 0 ? [0.5, 0.95, 0.99].map(time).join(' / ') : '', of(({ heap }) => heap / 1_024));
      cells.push(weights[name] ? Math.round(weights[name] / 1_024) : '');
      rows.push(cells);
    }
    if (rate !== LIBRARY_RATE) continue;
    plots['bench-page.svg'] = bars(`Main thread at ${rate} events/s`, 'ms per second', contenders(rate).map((name) => [name, mainOf(name)]));
  }
  const about = `${machine()}; ${RUNS} runs, taking turns; medians, processor time in ms per second.`;
  await publish('page', `${about}\n\n${table(head, rows)}`, plots);
  if (process.env.BENCH_JSON) await writeFile(process.env.BENCH_JSON, JSON.stringify(all, null, 1));
});
