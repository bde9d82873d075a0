// The lab page (built only with the feature `faults`): sends numbered messages through the public hooks
// and shows what became of each.
import { expect, type Page } from '@playwright/test';
import type { Gateway } from './gateway';

export interface LabMessage {
  id: string;
  n: number;
  delivery: string;
  durability: string;
}

/** Starts sending; does not wait. */
export async function startSending(page: Page, count: number, everyMs: number): Promise<void> {
  await page.getByTestId('lab-count').fill(String(count));
  await page.getByTestId('lab-every').fill(String(everyMs));
  await page.getByTestId('lab-start').click();
}

/** Opens a door of the worker: panic, hang, close-socket, dead-store. */
export async function openDoor(page: Page, name: string): Promise<void> {
  await page.getByTestId('lab-fault').fill(name);
  await page.getByTestId('lab-open-door').click();
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
  const messages = await labMessages(page);
  const wrong = messages.filter((message) => message.delivery !== 'Delivered');
  expect(wrong, 'falsely failed').toEqual([]);
  const { perId } = await gateway.stats();
  const effects = new Map(Object.entries(perId).map(([key, n]) => [key.split('/').pop()!, n]));
  expect(messages.filter((message) => !effects.has(message.id)), 'lost').toEqual([]);
  expect([...effects.values()].filter((n) => n !== 1), 'doubled').toEqual([]);
}
