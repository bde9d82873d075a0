// The service worker: the console starts without a network, a page comes from the server first, one offer of a new build.
import type { Page } from '@playwright/test';
import { violations } from '../lib/axe';
import { banner } from '../lib/banners';
import { expect, expectState, test, type World } from '../lib/fixtures';
import { kept } from '../lib/kept';
import { cutSite, unregister } from '../lib/service-worker';

test.use({ gatewayOptions: { args: ['--rate', '0', '--seed', '5'] } });

/** A page that the service worker serves from now on. */
async function served(world: World): Promise<Page> {
  world.site.serviceWorker = true;
  world.site.configure({ url: `${world.proxy.url}/?user=ann`, user: 'ann' });
  const page = await world.open('/');
  await page.bringToFront();
  await expectState(page, 'Connected');
  await expect.poll(() => page.evaluate(() => !!navigator.serviceWorker.controller)).toBe(true);
  return page;
}

test('without site and gateway a reload, and a new tab, show the last board', async ({ world }) => {
  const id = await world.gateway.publishIncident('Checkout is down', 'critical');
  const page = await served(world);
  const row = (of: Page) => of.locator(`[data-testid=incident-row][data-incident-id="${id}"]`);
  await expect(row(page)).toBeVisible();
  await expect.poll(() => kept(page)).toBe(3);
  await expect.poll(() => page.evaluate(async () => (await Promise.all((await caches.keys()).map(async (name) => (await (await caches.open(name)).keys()).length))).reduce((sum, count) => sum + count, 0))).toBeGreaterThan(8);
  world.proxy.cut();
  await expectState(page, 'Reconnecting');
  const restore = cutSite(world);
  const asked = world.site.requests.length;
  await page.reload();
  await expect(row(page)).toBeVisible();
  const shown = await page.evaluate(() => Math.round(performance.now()));
  test.info().annotations.push({ type: 'measured', description: `offline: first row at most ${shown} ms after the reload` });
  await expect(page.getByTestId('as-of').first()).toBeVisible();
  expect(await violations(page)).toEqual([]);
  const other = await world.chrome.context.newPage();
  await other.goto(world.site.url(`/?incident=${id}`));
  await expect(other.getByTestId('detail-title')).toHaveText('Checkout is down');
  expect(world.site.requests.length, 'the server is asked for the pages all the same').toBeGreaterThan(asked);
  restore();
  world.proxy.restore();
  await expectState(page, 'Connected', 40_000);
  await expect(page.getByTestId('as-of')).toHaveCount(0);
  await unregister(page);
});

test('the demo is kept from the first time it is opened, not before, and starts without a network', async ({ world }) => {
  const page = await served(world);
  const keptOfDemo = () =>
    page.evaluate(async () => {
      const all = await Promise.all((await caches.keys()).map(async (name) => (await caches.open(name)).keys()));
      return all.flat().filter((request) => /\/demo/.test(request.url)).length;
    });
  await expect.poll(() => page.evaluate(async () => (await navigator.serviceWorker.ready).active?.state)).toBe('activated');
  expect(await keptOfDemo()).toBe(0);
  await page.getByRole('link', { name: 'Demo' }).click();
  await expect(page.getByRole('heading', { name: 'Realtime demo' })).toBeVisible();
  await expect.poll(keptOfDemo).toBe(2);
  world.proxy.cut();
  const restore = cutSite(world);
  await page.reload();
  await expect(page.getByRole('heading', { name: 'Realtime demo' })).toBeVisible();
  await page.getByRole('link', { name: 'Console' }).first().click();
  await expect(page.getByTestId('incidents-panel')).toBeVisible();
  expect(new URL(page.url()).pathname).toBe('/');
  restore();
  world.proxy.restore();
  await unregister(page);
});

test('a configuration that was edited in a deployed page counts at the next reload', async ({ world }) => {
  const page = await served(world);
  world.site.configure({ url: `${world.proxy.url}/?user=bob`, user: 'bob' });
  await page.reload();
  await expect(page.getByTestId('me')).toHaveAttribute('title', /bob$/);
  await expectState(page, 'Connected');
  await unregister(page);
});

test('a new build is offered once, by a banner, and a reload is all it takes', async ({ world }) => {
  const page = await served(world);
  await expect(banner(page, 'update')).toHaveCount(0);
  // Of a build whose pages start with another script.
  world.site.rewrites.set(/sw\.js$/, (text) => Buffer.from(text.toString('utf8').replace(/const BOOT = "[^"]*"/, 'const BOOT = "/assets/boot-of-another-build.js"')));
  await page.evaluate(async () => (await navigator.serviceWorker.getRegistration())?.update());
  await expect(banner(page, 'update')).toHaveCount(1);
  await expect(banner(page, 'update')).toContainText('A newer version is ready.');
  expect(await violations(page)).toEqual([]);
  await expectState(page, 'Connected');
  const asked = () => world.site.requests.filter((route) => route === '/').length;
  const before = asked();
  await banner(page, 'update').getByRole('button').click();
  await expect.poll(asked, 'the page comes from the server').toBeGreaterThan(before);
  await expectState(page, 'Connected');
  await unregister(page);
});
