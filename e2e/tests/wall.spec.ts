// The display on a wall: how old its data are stands above everything, it sends nothing, and it is read from 3 m.
import type { Page } from '@playwright/test';
import { violations } from '../lib/axe';
import { expect, expectState, test } from '../lib/fixtures';
import { kept } from '../lib/kept';
import { cutSite, unregister } from '../lib/service-worker';

test.use({ gatewayOptions: { args: ['--rate', '0', '--seed', '5'] } });

const age = (page: Page) => page.getByTestId('wall-age');
const headline = (page: Page) => page.getByTestId('wall-headline');
const row = (page: Page, id: string) => page.locator(`[data-testid=wall-row][data-incident-id="${id}"]`);
const live = (page: Page, timeout = 15_000) => expect(age(page)).toHaveAttribute('data-age', 'live', { timeout });

/** What of the wall is cut off, or outside of the screen. */
function outside(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const { clientWidth, clientHeight, scrollWidth, scrollHeight } = document.documentElement;
    const found = scrollWidth > clientWidth || scrollHeight > clientHeight ? [`the page is ${scrollWidth} x ${scrollHeight}`] : [];
    for (const part of Array.from(document.querySelectorAll<HTMLElement>('.wall > *, .wall__row, .wall__tile, .wall__tile > *, .wall__headline, .wall__clock, .wall__oldest > *'))) {
      const { left, top, right, bottom } = part.getBoundingClientRect();
      const isSeen = part.checkVisibility() && part.textContent !== '' && !part.classList.contains('sr-only');
      if (isSeen && (left < 0 || top < 0 || right > clientWidth + 0.5 || bottom > clientHeight + 0.5)) found.push(part.className);
    }
    return found;
  });
}

test('a night on the wall: the server dies, midnight passes, it comes back; nothing is sent', async ({ world }) => {
  const id = await world.gateway.publishIncident('Checkout is down', 'critical');
  world.site.configure({ url: `${world.proxy.url}/?user=screen`, user: 'screen' });
  const page = await world.chrome.context.newPage();
  await page.clock.install();
  await page.goto(world.site.url('/wall'));
  await live(page);
  await expect(headline(page)).toHaveText('Live');
  await expect(row(page, id)).toContainText('Checkout is down');
  await expect(row(page, id)).toContainText('Nobody');
  await expect(page.getByTestId('wall-tile').first()).toHaveText(/^Critical\d+\d+ unacknowledged$/);
  const colleague = await world.chrome.browser.newContext();
  try {
    world.site.configure({ url: `${world.gateway.url}/?user=agent-2`, user: 'agent-2' });
    const other = await colleague.newPage();
    await other.goto(world.site.url(`/?incident=${id}`));
    await expect(other.getByTestId('detail-title')).toBeVisible();
    await expectState(other, 'Connected');
    await other.locator('#main').press('m');
    await expect(row(page, id)).toContainText('Acknowledged');
    await expect(row(page, id)).not.toContainText('Nobody');
  } finally {
    await colleague.close();
  }

  // Late in the evening the server dies.
  const day = (offset: number) => page.evaluate((offset) => {
    const at = new Date(Date.now() + offset);
    const two = (part: number) => String(part).padStart(2, '0');
    return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())} ${two(at.getHours())}:${two(at.getMinutes())}`;
  }, offset);
  const toMidnight = await page.evaluate(() => new Date().setHours(24, 0, 0, 0) - Date.now());
  await page.clock.fastForward(toMidnight - 120_000);
  await live(page, 40_000);
  world.proxy.cut();
  const died = await day(0);
  await expect(age(page)).toHaveAttribute('data-age', 'late', { timeout: 30_000 });
  await expect(headline(page)).toHaveText(/^Data as of 23:5\d:\d\d$/);
  await page.clock.fastForward(60_000);
  await expect(headline(page)).toHaveText(`No data since ${died.slice(11)}`);
  expect(await headline(page).evaluate((text) => getComputedStyle(text).textTransform)).toBe('uppercase');
  await expect(page.getByTestId('wall-cause')).toHaveText(/^What you see is \d+ min old: \S/);
  await expect(row(page, id), 'what was true last').toBeVisible();
  await page.clock.fastForward(5 * 3_600_000);
  await expect(headline(page), 'of yesterday').toHaveText(`No data since ${died}`);
  await expect(page.getByTestId('wall-cause')).toContainText('What you see is 5 h');
  await expect(page.getByTestId('wall-clock')).toContainText((await day(0)).slice(0, 10));
  for (const colorScheme of ['dark', 'light'] as const) {
    await page.evaluate((theme) => (document.documentElement.dataset.theme = theme), colorScheme);
    expect(await violations(page), colorScheme).toEqual([]);
    await page.screenshot({ path: test.info().outputPath(`wall-lost-${colorScheme}.png`) });
  }
  world.proxy.restore();
  await live(page, 60_000);
  await expect(headline(page)).toHaveText('Live');
  // A wall is a page like any other to keys; none of them does anything.
  for (const key of ['a', 'm', 'Shift+R', 'c', 'Enter', 'Tab', 'Control+k']) await page.keyboard.press(key);
  await expect(page.locator('button, input, select, textarea, dialog')).toHaveCount(0);
  const { effects } = await world.gateway.stats();
  expect(effects.filter((effect) => effect.user === 'screen')).toEqual([]);
  expect(effects.some((effect) => effect.user === 'agent-2'), 'the other one did').toBe(true);
});

test('readable from 3 m, nothing outside of the screen, in both themes, and on a phone', async ({ world }) => {
  for (const [at, severity] of ['critical', 'high', 'medium', 'low'].entries()) {
    await world.gateway.publishIncident(`Incident ${at} ${'with a title that is longer than any wall is wide '.repeat(6)}`, severity);
  }
  await world.gateway.publishIncident('kube_pod_container_status_waiting_reason{namespace="payments-production"}'.repeat(9), 'p0');
  const page = await world.open('/wall');
  await live(page);
  await expect(page.getByTestId('wall-row')).toHaveCount(8);
  await expect(page.getByTestId('wall-more')).toHaveText(/^\+ \d+ more$/);
  await expect(page.getByTestId('wall-tile')).toHaveCount(5);
  await expect(page.getByTestId('wall-team')).toHaveText(/^Team\d+ online\d+ busy\d+ away\d+ offline$/);
  await expect(page.locator('html')).toHaveAttribute('data-theme', 'dark');
  for (const theme of ['dark', 'light']) {
    await page.goto(world.site.url(`/wall?theme=${theme}`));
    await live(page);
    await expect(page.getByTestId('wall-row')).toHaveCount(8);
    for (const [width, height, letter] of [[3840, 2160, 48], [2560, 1440, 32], [1920, 1080, 24], [1440, 900, 18], [1024, 768, 15]] as const) {
      await page.setViewportSize({ width, height });
      const size = await page.getByTestId('wall').evaluate((wall) => parseFloat(getComputedStyle(wall).fontSize));
      expect(size, `letters at ${width} px`).toBeGreaterThanOrEqual(letter);
      const figure = await page.locator('.wall__count').first().evaluate((count) => count.getBoundingClientRect().height);
      expect(figure, `figures at ${width} px`).toBeGreaterThanOrEqual(letter * 3);
      expect(await outside(page), `${width} x ${height}`).toEqual([]);
      expect(await violations(page), `${theme}, ${width} px`).toEqual([]);
      await page.screenshot({ path: test.info().outputPath(`wall-${theme}-${width}.png`) });
    }
    await page.setViewportSize({ width: 360, height: 780 });
    expect(await page.evaluate(() => document.documentElement.scrollWidth), 'it scrolls downwards only').toBeLessThanOrEqual(360);
    expect(await violations(page), `${theme}, phone`).toEqual([]);
    await page.screenshot({ path: test.info().outputPath(`wall-${theme}-360.png`), fullPage: true });
  }
});

test('the screen is kept on, again whenever the page comes back into view; the picture moves each minute', async ({ world }) => {
  const page = await world.chrome.context.newPage();
  // From a whole minute: no other one begins by itself before the test is over.
  await page.clock.install({ time: Date.now() - (Date.now() % 60_000) });
  await page.addInitScript(() => {
    const asked: EventTarget[] = [];
    const request = (kind: string) => {
      const lock = Object.assign(new EventTarget(), { kind });
      asked.push(lock);
      return (window as unknown as { refuses?: boolean }).refuses ? Promise.reject(new DOMException('battery low', 'NotAllowedError')) : Promise.resolve(lock);
    };
    Object.defineProperty(navigator, 'wakeLock', { value: { request } });
    Object.assign(window, { asked });
  });
  const asked = () => page.evaluate(() => (window as unknown as { asked: { kind: string }[] }).asked.map(({ kind }) => kind));
  const look = (hidden: boolean) => page.evaluate((hidden) => {
    Object.defineProperty(document, 'hidden', { value: hidden, configurable: true });
    document.dispatchEvent(new Event('visibilitychange'));
  }, hidden);
  await page.goto(world.site.url('/wall'));
  await live(page);
  expect(await asked()).toEqual(['screen']);
  await expect(page.getByTestId('wall-may-sleep')).toHaveCount(0);
  await look(true);
  await look(false);
  await expect.poll(asked).toEqual(['screen', 'screen']);
  await page.evaluate(() => (window as unknown as { asked: EventTarget[] }).asked[1]!.dispatchEvent(new Event('release')));
  await expect(page.getByTestId('wall-may-sleep')).toBeVisible();
  await page.evaluate(() => Object.assign(window, { refuses: true }));
  await look(true);
  await look(false);
  await expect.poll(asked).toHaveLength(3);
  await expect(page.getByTestId('wall-may-sleep')).toBeVisible();

  await page.emulateMedia({ reducedMotion: 'no-preference' });
  const place = () => page.getByTestId('wall').evaluate((wall) => getComputedStyle(wall).padding);
  const places = new Set<string>();
  for (let minute = 0; minute < 8; minute += 1) {
    const before = await page.getByTestId('wall').getAttribute('data-shift');
    places.add(await place());
    await page.clock.fastForward(60_000);
    await expect(page.getByTestId('wall')).not.toHaveAttribute('data-shift', before!);
  }
  expect(places.size).toBe(8);
  await page.emulateMedia({ reducedMotion: 'reduce' });
  const still = await place();
  await page.clock.fastForward(60_000);
  expect(await place()).toBe(still);
});

test('the palette leads to it with the filter of the board, which the wall names; a link leads back', async ({ world }) => {
  const id = await world.gateway.publishIncident('Checkout is down', 'critical');
  const quiet = await world.gateway.publishIncident('Report is late', 'low');
  const page = await world.open('/?sev=critical');
  await expect(page.getByTestId('incident-row').first()).toBeVisible();
  await page.keyboard.press('Control+k');
  await page.keyboard.type('wall display');
  await expect(page.getByTestId('palette-option').first()).toContainText('Go to the wall display');
  await page.keyboard.press('Enter');
  await expect(page).toHaveURL(/\/wall\?sev=critical$/);
  await expect(row(page, id)).toBeVisible();
  await expect(row(page, quiet)).toHaveCount(0);
  await expect(page.getByTestId('wall-filter')).toHaveText('Shown: sev critical');
  await expect(page).toHaveTitle('Wall · SentinelOps');
  await page.keyboard.press('Tab');
  await expect(page.getByTestId('wall-console')).toBeFocused();
  await page.keyboard.press('Enter');
  await expect(page).toHaveURL(world.site.url('/'));
});

test('it starts without a network, shows the last board and since when there is no data', async ({ world }) => {
  const id = await world.gateway.publishIncident('Checkout is down', 'critical');
  world.site.serviceWorker = true;
  world.site.configure({ url: `${world.proxy.url}/?user=screen`, user: 'screen' });
  const page = await world.open('/wall');
  await live(page);
  await expect.poll(() => page.evaluate(() => !!navigator.serviceWorker.controller)).toBe(true);
  // Its program is kept from the first load on that the service worker sees.
  await page.reload();
  await live(page);
  await expect(row(page, id)).toBeVisible();
  await expect.poll(() => page.evaluate(async () => {
    const all = await Promise.all((await caches.keys()).map(async (name) => (await caches.open(name)).keys()));
    return all.flat().filter(({ url }) => url.includes('/wall_bg-')).length;
  })).toBe(1);
  await expect.poll(() => kept(page), 'incidents, agents').toBe(2);
  world.proxy.cut();
  const restore = cutSite(world);
  await page.reload();
  await expect(row(page, id)).toBeVisible();
  await expect(age(page)).not.toHaveAttribute('data-age', 'live');
  await expect(headline(page)).toHaveText(/^(Data as of \d\d:\d\d:\d\d|No data since .*\d\d:\d\d)$/);
  restore();
  world.proxy.restore();
  await live(page, 40_000);
  await unregister(page);
});

test('a wall that never had data says so, and counts nothing', async ({ world }) => {
  world.proxy.cut();
  const page = await world.chrome.context.newPage();
  await page.clock.install();
  await page.goto(world.site.url('/wall'));
  await expect(headline(page)).toHaveText('Waiting for data');
  await page.clock.fastForward(60_000);
  await expect(headline(page)).toHaveText('No data');
  await expect(page.locator('.wall__count').first()).toHaveText('–');
});
