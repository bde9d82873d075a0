// The console, opened by somebody with a name.
import type { BrowserContext, Page } from '@playwright/test';
import { expect, expectState, type World } from './fixtures';

export interface Opening {
  /** What is opened. Default: the console, whose first row is awaited. */
  route?: string;
  /** A browser profile of its own. */
  context?: BrowserContext;
  /** More of the page's configuration. */
  config?: object;
}

/** A page of this user; the name is known to page and server. */
export async function openAs(world: World, user: string, { route, context = world.chrome.context, config }: Opening = {}): Promise<Page> {
  world.site.configure({ url: `${world.gateway.url}/?user=${user}`, user, ...config });
  const page = await context.newPage();
  await page.setViewportSize({ width: 1440, height: 900 });
  await page.goto(world.site.url(route ?? '/'));
  await page.bringToFront();
  await expectState(page, 'Connected');
  if (!route) await expect(page.getByTestId('incident-row').first()).toBeVisible();
  return page;
}
