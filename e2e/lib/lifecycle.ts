// What a browser does to pages, and the page's own record that it really did.
import { expect, type Page } from '@playwright/test';
import type { World } from './fixtures';

interface Record {
  /** Of each `pageshow`: whether the page came out of the bfcache. */
  shown: boolean[];
  /** When it was shown last, ms since the epoch. */
  shownAt: number;
  /** Times, ms since the epoch. */
  frozen: number[];
  /** With how long no timer had run then; one is due ten times a second, once where the page is hidden. */
  resumed: { at: number; still: number }[];
}

/** Has the page note from now on what happens to it. A page that is loaded again has no record. */
export async function keepRecord(page: Page): Promise<void> {
  await page.evaluate(() => {
    const record: Record = { shown: [], shownAt: 0, frozen: [], resumed: [] };
    Object.assign(window, { record });
    let ticked = Date.now();
    setInterval(() => (ticked = Date.now()), 100);
    addEventListener('pageshow', (event) => {
      record.shown.push(event.persisted);
      record.shownAt = Date.now();
    });
    document.addEventListener('freeze', () => record.frozen.push(Date.now()));
    document.addEventListener('resume', () => record.resumed.push({ at: Date.now(), still: Date.now() - ticked }));
  });
}

export function recordOf(page: Page): Promise<Record> {
  return page.evaluate(() => (window as unknown as { record?: Record }).record ?? { shown: [], shownAt: 0, frozen: [], resumed: [] });
}

/** To another page, and back out of the bfcache; `meanwhile` happens while it is away. */
export async function awayAndBack(world: World, page: Page, meanwhile: () => Promise<void>): Promise<void> {
  await keepRecord(page);
  await page.goto(world.site.url('/elsewhere.txt'));
  await meanwhile();
  await page.goBack({ waitUntil: 'commit' });
  await expect.poll(async () => (await recordOf(page)).shown, { message: 'not out of the bfcache', timeout: 5_000 }).toEqual([true]);
}

/** Freezes a page as browsers freeze hidden ones. Answers how to thaw it, which answers when it was. */
export async function freeze(world: World, page: Page): Promise<() => Promise<number>> {
  await keepRecord(page);
  const session = await world.chrome.context.newCDPSession(page);
  await session.send('Page.setWebLifecycleState', { state: 'frozen' });
  return async () => {
    await session.send('Page.setWebLifecycleState', { state: 'active' });
    await expect.poll(async () => (await recordOf(page)).resumed.length, { message: 'not resumed' }).toBe(1);
    const { frozen, resumed } = await recordOf(page);
    expect(frozen, 'the page was not frozen').toHaveLength(1);
    // By the page's own clock: a busy machine is late with the order to freeze, and with the one to thaw.
    const lasted = resumed[0]!.at - frozen[0]!;
    expect(resumed[0]!.still, 'timers of the frozen page ran').toBeGreaterThan(lasted - 100);
    return resumed[0]!.at;
  };
}
