// Banners of a page: when each first showed, and its text.
import { expect, type Page } from '@playwright/test';

/** Has pages opened from now on note when things first show. Before the first `goto`. */
export async function noteBanners(page: Page): Promise<void> {
  await page.addInitScript(() => {
    const seen: Record<string, number> = {};
    Object.assign(window, { seen });
    const note = (name: string) => {
      seen[name] ??= performance.now();
    };
    const look = () => {
      if (document.querySelector('[data-testid=connection-state]')) note('page');
      document.querySelectorAll('[data-banner]').forEach((banner) => note(banner.getAttribute('data-banner')!));
    };
    new MutationObserver(look).observe(document, { childList: true, subtree: true });
  });
}

/** Ms from the first sight of the page (or `since`, in its own time) to the first sight of a banner. */
export async function bannerDelay(page: Page, name: string, since?: number): Promise<number> {
  const times = () => page.evaluate(() => (window as unknown as { seen: Record<string, number> }).seen);
  await expect.poll(async () => Object.keys(await times()), { intervals: [50], timeout: 20_000 }).toContain(name);
  const seen = await times();
  return seen[name]! - (since ?? seen.page!);
}

/** The page's own clock. */
export function pageTime(page: Page): Promise<number> {
  return page.evaluate(() => performance.now());
}

export function banner(page: Page, name: string) {
  return page.locator(`[data-banner=${name}]`);
}

/** Presses the button of a banner in the page itself: also where the page is hidden. */
export async function pressIn(page: Page, name: string): Promise<void> {
  await banner(page, name).locator('button').evaluate((button) => (button as HTMLElement).click());
}
