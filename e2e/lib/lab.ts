// The lab page (built only with the feature `lab`): sends numbered messages through the public hooks
// and shows what became of each.
import { expect, type Page } from '@playwright/test';
import type { Gateway } from './gateway';
import { noteTexts, repeatedTexts } from './texts';

export interface LabMessage {
  id: string;
  /** Counts what this life of the page sent; 0: followed by `follow`. */
  n: number;
  /** When it was sent, or followed: ms since the epoch. */
  at: number;
  /** `Unknown`: followed, and the page knows nothing of it. */
  delivery: string;
  durability: string;
  /** Ms from the click to the final state, once it is there. */
  ackedMs: number | null;
}

/** Types and clicks in the page itself: Playwright's own wait for an animation frame, which a hidden tab has none of. */
export async function press(page: Page, button: string, inputs: Record<string, string> = {}): Promise<void> {
  await page.evaluate(
    ([button, inputs]) => {
      const find = (name: string) => document.querySelector<HTMLElement>(`[data-testid="${name}"]`)!;
      for (const [name, value] of Object.entries(inputs)) (find(name) as HTMLInputElement).value = value;
      find(button).click();
    },
    [button, inputs] as const,
  );
}

/** Starts sending; does not wait. */
export async function startSending(page: Page, count: number, everyMs: number, priority = '', bytesMore = 0): Promise<void> {
  await press(page, 'lab-start', {
    'lab-count': String(count),
    'lab-every': String(everyMs),
    'lab-priority': priority,
    'lab-size': String(bytesMore),
  });
}

/** Ends what `startSending` began. */
export async function stopSending(page: Page): Promise<void> {
  await startSending(page, 0, 1_000);
}

/** Has the page show what it knows of messages of an earlier life of it, or of other pages. */
export async function follow(page: Page, ids: string[]): Promise<void> {
  await press(page, 'lab-follow', { 'lab-ids': ids.join(' ') });
}

/** How many of the page's own messages are saved on this device. */
export async function durable(page: Page): Promise<number> {
  return (await labMessages(page)).filter(({ durability }) => durability === 'Durable').length;
}

/** Injects a fault into the worker (see crates/realtime/src/worker/faults). */
export async function injectFault(page: Page, name: string): Promise<void> {
  await press(page, 'lab-inject-fault', { 'lab-fault': name });
}

export async function labMessages(page: Page): Promise<LabMessage[]> {
  return JSON.parse((await page.getByTestId('lab-log').textContent()) || '[]') as LabMessage[];
}

/** Waits until all are final, then checks: each Delivered, each took effect once, nothing else did. */
export async function expectExactlyOnce(page: Page, gateway: Gateway, count: number, timeout = 60_000): Promise<void> {
  const states = async () => {
    const counts: Record<string, number> = {};
    for (const { delivery, durability } of await labMessages(page)) {
      const state = `${durability} ${delivery}`;
      counts[state] = (counts[state] ?? 0) + 1;
    }
    return JSON.stringify(counts);
  };
  const final = page.getByTestId('lab-final');
  await expect(final).toHaveText(String(count), { timeout }).catch(async (error) => {
    throw new Error(`not all ${count} came to an end: ${await states()}`, { cause: error });
  });
  const messages = (await labMessages(page)).filter(({ n }) => n > 0);
  const wrong = messages.filter((message) => message.delivery !== 'Delivered');
  expect(wrong, 'falsely failed').toEqual([]);
  const { perId } = await gateway.stats();
  const effects = new Map(Object.entries(perId).map(([key, n]) => [key.split('/').pop()!, n]));
  expect(messages.filter((message) => !effects.has(message.id)), 'lost').toEqual([]);
  expect([...effects.values()].filter((n) => n !== 1), 'doubled').toEqual([]);
  const texts = new Map<string, Set<string>>();
  noteTexts(texts, await gateway.chatTexts());
  expect(repeatedTexts(texts), 'doubled under another id').toEqual([]);
}
