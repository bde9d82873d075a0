// What the threads of a page's process cost, as the kernel counts it.
import { readdirSync, readFileSync } from 'node:fs';
import type { Browser } from '@playwright/test';

/** Since the process began, ms. */
export interface Threads {
  /** Processor time of the main thread. */
  main: number;
  /** How long the main thread waited for a processor. */
  waited: number;
  /** Processor time of the dedicated workers. */
  workers: number;
  /** Processor time of all threads. */
  all: number;
}

const MS = 1_000_000;

function threads(pid: number): Threads {
  const sum: Threads = { main: 0, waited: 0, workers: 0, all: 0 };
  for (const id of readdirSync(`/proc/${pid}/task`)) {
    const [ran = 0, waited = 0] = readFileSync(`/proc/${pid}/task/${id}/schedstat`, 'utf8').split(' ').map((field) => Number(field) / MS);
    const name = readFileSync(`/proc/${pid}/task/${id}/comm`, 'utf8');
    sum.all += ran;
    if (Number(id) === pid) Object.assign(sum, { main: ran, waited });
    if (name.startsWith('DedicatedWorker')) sum.workers += ran;
  }
  return sum;
}

/** What the busiest renderer used between the two calls: `end = await begin(browser)`, later `end()`. */
export async function begin(browser: Browser): Promise<() => Threads> {
  const session = await browser.newBrowserCDPSession();
  const { processInfo } = await session.send('SystemInfo.getProcessInfo');
  await session.detach();
  const before = processInfo.filter(({ type }) => type === 'renderer').map(({ id }) => ({ id, threads: threads(id) }));
  return () => {
    const used = before.map(({ id, threads: was }) => {
      const is = threads(id);
      return { main: is.main - was.main, waited: is.waited - was.waited, workers: is.workers - was.workers, all: is.all - was.all };
    });
    return used.reduce((most, one) => (one.all > most.all ? one : most));
  };
}
