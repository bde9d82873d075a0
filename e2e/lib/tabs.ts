// Several tabs of one browser: who leads, and how tabs end.
import { expect, type Page } from '@playwright/test';
import { expectState, type World } from './fixtures';

export async function openTabs(world: World, count: number): Promise<Page[]> {
  const pages: Page[] = [];
  for (let n = 0; n < count; n += 1) {
    const page = await world.open('/lab');
    pages.push(page);
    // The first page names the browser in localStorage, which has no locks: pages that start at once may take two names,
    // and are two browsers to the server.
    if (n === 0) await expectState(page, 'Connected');
  }
  for (const page of pages) await expectState(page, 'Connected');
  return pages;
}

export async function leads(page: Page): Promise<boolean> {
  return (await page.getByTestId('lab-leads').textContent({ timeout: 2_000 })) === 'Some(true)';
}

/** The one that leads, and the others. */
export async function leaderOf(pages: Page[]): Promise<{ leader: Page; followers: Page[] }> {
  let leaders: Page[] = [];
  await expect
    .poll(async () => {
      const found = await Promise.all(pages.map(leads));
      leaders = pages.filter((_, n) => found[n]);
      return leaders.length;
    })
    .toBe(1);
  const leader = leaders[0]!;
  return { leader, followers: pages.filter((page) => page !== leader) };
}

/** The renderer dies: no pagehide, no goodbye. */
export async function crash(world: World, page: Page): Promise<void> {
  const session = await world.chrome.context.newCDPSession(page);
  const gone = page.waitForEvent('crash');
  // Never answered: who would?
  session.send('Page.crash').catch(() => {});
  await gone;
}
