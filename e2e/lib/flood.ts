// Numbered events at a steady rate on four channels, and what the lab's meters saw of them.
import { expect, type Page } from '@playwright/test';
import type { Gateway } from './gateway';

export interface Figures {
  renders: number;
  frames: number;
  mostInAFrame: number;
  last: Record<string, number>;
  wrong: string[];
}

/**
 * Each maker gives the n-th event of its channel: state channels keep a few subjects, as real ones do. Of agents so
 * many that none comes twice in one portion: the server passes on only the newest status of an agent in a frame.
 */
const MAKERS: Record<string, (n: number) => { channel: string; type: string; payload: object }> = {
  incidents: (n) => ({
    channel: 'incidents',
    type: 'incident.updated',
    payload: {
      incidentId: `inc-flood-${n % 50}`,
      type: 'updated',
      data: { title: `flood ${n}`, severity: 'high', status: 'new', updatedAt: Date.now() },
    },
  }),
  agents: (n) => ({
    channel: 'agents',
    type: 'agent.status',
    payload: { agentId: `flood-${n % 100}`, status: 'online', lastSeen: Date.now(), name: `flood ${n}` },
  }),
  alerts: (n) => ({
    channel: 'alerts',
    type: 'alert.raised',
    payload: { id: `alr-flood-${n % 50}`, severity: 'high', title: `flood ${n}` },
  }),
  activity: (n) => ({
    channel: 'activity',
    type: 'activity.event',
    payload: { id: `act-flood-${n}`, actor: 'flood', action: `flood ${n}`, timestamp: Date.now() },
  }),
};

/** `perSecond` events in all, in portions of 100 ms. Answers how many each channel got and how long it took. */
export async function flood(gateway: Gateway, perSecond: number, seconds: number) {
  const perChannel = perSecond / 10 / Object.keys(MAKERS).length;
  const start = performance.now();
  let n = 0;
  for (let portion = 0; portion < seconds * 10; portion += 1) {
    const wait = start + portion * 100 - performance.now();
    if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait)); // the rate itself
    const events = [];
    for (let of = 0; of < perChannel; of += 1) {
      n += 1;
      for (const make of Object.values(MAKERS)) events.push(make(n));
    }
    await gateway.publishAll(events);
  }
  return { each: n, seconds: (performance.now() - start) / 1_000 };
}

export function figures(page: Page): Promise<Figures[]> {
  return page.getByTestId('lab-meter').evaluateAll((nodes) => nodes.map((node) => JSON.parse(node.textContent || '{}')));
}

/** Waits until each meter has received the last number of each channel. */
export async function expectAll(page: Page, each: number): Promise<Figures[]> {
  const last = Object.fromEntries(Object.keys(MAKERS).map((channel) => [channel, each]));
  await expect
    .poll(async () => (await figures(page)).map((meter) => meter.last), { timeout: 20_000 })
    .toEqual([last, last, last, last]);
  return figures(page);
}
