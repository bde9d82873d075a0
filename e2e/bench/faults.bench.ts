// What faults cost the users of each library: how long it takes to notice, which messages are lost, doubled or reported as failed
// although they arrived, and which events never show. All contenders send five messages a second and are sent four events a
// second, through a proxy that misbehaves; each library at the settings its documentation recommends.
import { writeFile } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';
import { type Page, test } from '@playwright/test';
import { WebSocket } from 'ws';
import { RealBrowser } from '../lib/browser';
import { Gateway } from '../lib/gateway';
import { follow, labMessages, startSending } from '../lib/lab';
import { FaultProxy } from '../lib/proxy';
import { Site } from '../lib/site';
import { bundle } from './bundle';
import { LIBRARIES } from './contenders';
import { PeerServer } from './peer-server';
import './peers/peer';
import { machine, publish, table } from './report';

const NAMES = process.env.BENCH_PEERS?.split(',') ?? [...LIBRARIES, 'sentinelops'];
const SEND_MS = 200;
const EVENT_MS = 250;
/** From the beginning of sending to the fault. */
const BEFORE_MS = 2_000;
/** So long after the last message everything may take to end. */
const SETTLE_MS = 20_000;

interface Fault {
  what: string;
  /** The page is loaded again over it. */
  reloads?: true;
  /** Sending goes on for so long after the fault began, ms. */
  lasts: number;
  /** `back`: to be called when the page was loaded again. */
  inject(proxy: FaultProxy, page: Page, back: () => Promise<void>): Promise<void>;
}

const FAULTS: Record<string, Fault> = {
  cut: {
    what: 'the connection is reset, and none is possible for 5 s',
    lasts: 10_000,
    inject: async (proxy) => {
      proxy.cut();
      await pause(5_000);
      proxy.restore();
    },
  },
  zombie: {
    what: 'the connection stays open and carries nothing any more; others work',
    lasts: 60_000,
    inject: async (proxy) => proxy.zombie(),
  },
  'lost answers': {
    what: 'for 3 s the server receives everything and its answers are lost, then the connection is reset',
    lasts: 10_000,
    inject: async (proxy) => {
      proxy.loseAnswers();
      await pause(3_000);
      proxy.reset();
    },
  },
  restarts: {
    what: 'five times: reset, and none is possible for 1 s, then for 1 s it is',
    lasts: 15_000,
    inject: async (proxy) => {
      for (let at = 0; at < 5; at += 1) {
        proxy.cut();
        await pause(1_000);
        proxy.restore();
        await pause(1_000);
      }
    },
  },
  reload: {
    what: 'no connection for 6 s, and after 3 s of it the page is reloaded',
    reloads: true,
    lasts: 12_000,
    inject: async (proxy, page, back) => {
      proxy.cut();
      await pause(3_000);
      await page.reload();
      await back();
      await pause(3_000);
      proxy.restore();
    },
  },
};

interface Result {
  /** From the fault to the first report of no connection, ms. */
  noticed?: number;
  sent: number;
  lost: number;
  doubled: number;
  /** Reported as failed, and it took effect. */
  falselyFailed: number;
  /** Nobody said whether it arrived. */
  untold: number;
  events: number;
  /** Events that the page never showed. */
  missed: number;
}

/** How the bench drives a page. */
interface Contender {
  url: string;
  /** The page after it was loaded, again too. */
  begin(page: Page, life: string): Promise<void>;
  stop(page: Page): Promise<void>;
  publish(n: number): void;
  /** Ids with what was reported of each; `undefined`: nothing yet. */
  messages(page: Page): Promise<Map<string, boolean | undefined>>;
  /** When it first reported no connection since then. */
  down(page: Page, since: number): Promise<number | undefined>;
  /** Events that it shows. */
  shown(page: Page): Promise<string[]>;
  /** It was loaded again: these were sent before. */
  back(page: Page, ids: string[]): Promise<void>;
  effects(): Promise<Map<string, number>>;
  end(): Promise<void>;
  port: number;
}

async function library(name: string): Promise<Contender> {
  const server = await PeerServer.start();
  return {
    url: PeerServer.path(name),
    port: server.port,
    begin: (page) => page.evaluate((ms) => window.peer.start(ms), SEND_MS),
    stop: (page) => page.evaluate(() => window.peer.stop()),
    publish: (n) => server.publish(JSON.stringify({ n })),
    messages: async (page) => {
      const { sent, ended } = await page.evaluate(() => ({ sent: window.peer.sent, ended: window.peer.ended }));
      return new Map(sent.map((id) => [id, ended[id]]));
    },
    down: (page, since) => page.evaluate((since) => window.peer.connected.find(({ at, up }) => !up && at >= since)?.at, since),
    shown: (page) => page.evaluate(() => window.peer.seen.map(String)),
    // It knows nothing of them any more.
    back: async () => {},
    effects: async () => server.effects,
    end: () => server.stop(),
  };
}

const DELIVERED = 'Delivered';
const FAILED = /^(Failed|Expired|Evicted|Superseded)/;

/** Our own client, on the page of the end-to-end tests; events are incidents that another client makes. */
async function ours(origin: string): Promise<Contender> {
  const gateway = await Gateway.start({ args: ['--rate', '0'], stores: false, origins: [origin] });
  const publisher = new WebSocket(`${gateway.url}/`);
  await new Promise((resolve) => publisher.once('open', resolve));
  publisher.send(JSON.stringify({ type: 'hello', channel: 'system', payload: { protocol: 1, client: 'bench/1', session: 'bench', term: 1 } }));
  return {
    url: '/ws',
    port: gateway.port,
    begin: async (page) => {
      // A page that was loaded again shows what became of what its earlier life sent.
      await startSending(page, 100_000, SEND_MS);
      await page.evaluate(() => {
        const state = () => document.querySelector('[data-testid="connection-status"]')?.className ?? '';
        const changes = ((window as unknown as { changes?: { at: number; state: string }[] }).changes ??= []);
        const note = () => changes.at(-1)?.state !== state() && changes.push({ at: Date.now(), state: state() });
        note();
        new MutationObserver(note).observe(document.body, { subtree: true, attributes: true, childList: true });
      });
    },
    stop: (page) => startSending(page, 0, 1_000),
    publish: (n) => {
      const payload = { id: `bench-${n}`, title: `Event ${n}` };
      publisher.send(JSON.stringify({ id: `bench-${n}`, type: 'incident.create', channel: 'incidents', payload }));
    },
    messages: async (page) => {
      const end = (delivery: string) => (delivery === DELIVERED ? true : FAILED.test(delivery) ? false : undefined);
      return new Map((await labMessages(page)).map(({ id, delivery }) => [id, end(delivery)]));
    },
    down: (page, since) =>
      page.evaluate((since) => {
        const { changes = [] } = window as unknown as { changes?: { at: number; state: string }[] };
        return changes.find(({ at, state }) => at >= since && !/\bconnected\b/.test(state))?.at;
      }, since),
    shown: (page) =>
      page.evaluate(() => Array.from(document.querySelectorAll<HTMLElement>('[data-incident-id^="bench-"]'), (row) => row.dataset.incidentId!)),
    back: async (page, ids) => {
      await page.getByTestId('lab-follow').waitFor();
      await follow(page, ids);
    },
    effects: async () => new Map(Object.entries((await gateway.stats()).perId).map(([key, times]) => [key.split('/').pop()!, times])),
    end: async () => {
      publisher.terminate();
      await gateway.stop();
    },
  };
}

async function measure(chrome: RealBrowser, site: Site, name: string, fault: Fault): Promise<Result> {
  const contender = name === 'sentinelops' ? await ours(new URL(site.url('/')).origin) : await library(name);
  const proxy = await FaultProxy.start(() => contender.port);
  site.configure({ url: `${proxy.url}${contender.url}` });
  const page = await chrome.context.newPage();
  const life = String(Date.now());
  const open = async () => {
    const route = name === 'sentinelops' ? '/lab' : `/bench-${name}`;
    await page.goto(`${site.url(route)}?life=${life}&url=${encodeURIComponent(`${proxy.url}${contender.url}`)}`);
  };
  try {
    await open();
    await page.waitForFunction(() => window.peer?.connected.at(-1)?.up ?? document.querySelector('[data-testid="connection-status"]')?.className.match(/\bconnected\b/));
    let events = 0;
    const publishing = setInterval(() => contender.publish((events += 1)), EVENT_MS);
    await contender.begin(page, life);
    await pause(BEFORE_MS);
    // What an earlier life of the page sent and showed stays known to the bench.
    const reports = new Map<string, boolean | undefined>();
    const shown = new Set<string>();
    const look = async () => {
      for (const [id, end] of await contender.messages(page)) reports.set(id, end ?? reports.get(id));
      for (const event of await contender.shown(page)) shown.add(event);
    };
    const looking = setInterval(() => look().catch(() => {}), 100);
    const began = Date.now();
    await fault.inject(proxy, page, () => contender.back(page, [...reports.keys()]));
    const down = await contender.down(page, began).catch(() => undefined);
    await pause(Math.max(0, began + fault.lasts - Date.now()));
    clearInterval(publishing);
    await contender.stop(page);
    const settled = Date.now() + SETTLE_MS;
    do {
      await pause(500);
      await look();
    } while (Date.now() < settled && ([...reports.values()].includes(undefined) || shown.size < events));
    clearInterval(looking);
    const effects = await contender.effects();
    const ids = [...reports.keys()];
    const count = (pick: (id: string) => boolean) => ids.filter(pick).length;
    const at = down ?? (await contender.down(page, began));
    return {
      // A page that is loaded again reports what it found then.
      noticed: at === undefined || fault.reloads ? undefined : at - began,
      sent: ids.length,
      lost: count((id) => !effects.has(id) && reports.get(id) !== false),
      doubled: count((id) => (effects.get(id) ?? 0) > 1),
      falselyFailed: count((id) => effects.has(id) && reports.get(id) === false),
      untold: count((id) => reports.get(id) === undefined),
      events,
      missed: events - shown.size,
    };
  } finally {
    await page.close();
    await proxy.stop();
    await contender.end();
  }
}

test('faults', async () => {
  const [chrome, site] = await Promise.all([RealBrowser.start(), Site.start({})]);
  for (const name of LIBRARIES) {
    const { answer } = await bundle(name);
    site.overrides.set(`/bench-${name}`, () => answer);
  }
  const all: Record<string, Record<string, Result>> = {};
  const faults = (process.env.BENCH_FAULTS?.split(',') ?? Object.keys(FAULTS)).map((name) => [name, FAULTS[name]!] as const);
  for (const [fault, how] of faults) {
    for (const name of NAMES) {
      const result = await measure(chrome, site, name, how);
      (all[fault] ??= {})[name] = result;
      console.log(`${fault} ${name} ${JSON.stringify(result)}`);
    }
  }
  await Promise.all([chrome.stop(), site.stop()]);
  const head = ['library', 'noticed after, s', 'messages', 'lost', 'doubled', 'falsely failed', 'untold', 'events', 'never shown'];
  for (const [fault, how] of faults) {
    const { what } = how;
    const rows = NAMES.map((name) => {
      const { noticed, sent, lost, doubled, falselyFailed, untold, events, missed } = all[fault]![name]!;
      return [name, how.reloads ? '' : noticed === undefined ? 'never' : (noticed / 1_000).toFixed(1), sent, lost, doubled, falselyFailed, untold, events, missed];
    });
    await publish(`faults ${fault}`, `${what[0]!.toUpperCase()}${what.slice(1)}. ${machine()}.\n\n${table(head, rows)}`);
  }
  if (process.env.BENCH_JSON) await writeFile(process.env.BENCH_JSON, JSON.stringify(all, null, 1));
});
