// Type, theme, density and width of the page.
import type { Page } from '@playwright/test';
import { violations } from '../lib/axe';
import { expect, expectState, test } from '../lib/fixtures';

test.use({ gatewayOptions: { args: ['--rate', '0', '--seed', '5'] } });

const theme = (page: Page) => page.evaluate(() => document.documentElement.getAttribute('data-theme'));

test('the fonts of the build are used, within the policy, and none takes the place of letters that are shown', async ({ world }) => {
  const page = await world.open('/');
  await page.setViewportSize({ width: 1440, height: 900 });
  await expectState(page, 'Connected');
  // They may be too late for the first visit, but not for the second one.
  const loaded = () => page.evaluate(() => Array.from(document.fonts as unknown as Iterable<FontFace>).filter((font) => font.status === 'loaded').map((font) => font.family.replaceAll('"', '')).sort());
  await expect.poll(loaded).toEqual(['Inter', 'JetBrains Mono']);
  const width = (family: string) =>
    page.evaluate((family) => {
      const context = document.createElement('canvas').getContext('2d')!;
      context.font = `400 40px ${family}`;
      return context.measureText('Incidents 0123').width;
    }, family);
  // A machine that is busy may be too late for a second visit, too.
  const isUsed = async () => {
    await page.reload();
    await expectState(page, 'Connected');
    await expect.poll(loaded).toEqual(['Inter', 'JetBrains Mono']);
    return (await width('Inter')) !== (await width('sans-serif'));
  };
  await expect.poll(isUsed, { timeout: 40_000 }).toBe(true);
  const displays = await page.evaluate(() => Array.from(document.fonts as unknown as Iterable<FontFace>).map((font) => font.display));
  expect(displays, 'they never take the place of letters that are shown').toEqual(['optional', 'optional']);
});

test('the theme goes to the other tab, and the third press gives it back to the system', async ({ world }) => {
  const [page, other] = [await world.open('/'), await world.open('/realtime-demo')];
  await expectState(page, 'Connected');
  await page.bringToFront();
  await page.emulateMedia({ colorScheme: 'light' });
  const button = page.getByTestId('theme-toggle');
  for (const expected of ['dark', 'light', null]) {
    await button.press('Enter');
    await expect.poll(() => theme(page)).toBe(expected);
    await expect.poll(() => theme(other)).toBe(expected);
  }
  await button.press('Enter');
  await page.reload();
  expect(await theme(page), 'before the page has started').toBe('dark');
});

test('rows have three densities, the same after a reload', async ({ world }) => {
  const page = await world.open('/');
  await expectState(page, 'Connected');
  const height = async () => Math.round((await page.getByTestId('incident-row').first().boundingBox())!.height);
  for (const [width, heights] of [[1440, { compact: 32, roomy: 56, normal: 44 }], [360, { compact: 44, roomy: 68, normal: 56 }]] as const) {
    await page.setViewportSize({ width, height: 900 });
    await page.getByTestId('board-more').press('Enter');
    for (const [name, px] of Object.entries(heights)) {
      await page.getByTestId('density').selectOption(name);
      await expect.poll(height, `${name}, ${width} px`).toBe(px);
      expect(await violations(page), `${name}, ${width} px`).toEqual([]);
      await page.screenshot({ path: test.info().outputPath(`${name}-${width}.png`) });
    }
    await page.getByTestId('board-more').press('Enter');
  }
  await page.getByTestId('board-more').press('Enter');
  await page.getByTestId('density').selectOption('roomy');
  await page.reload();
  await expect.poll(height).toBe(68);
});

test('rows stand where they stood while the page was loading, at every width', async ({ world }) => {
  const page = await world.open('/');
  await expectState(page, 'Connected');
  await page.addInitScript(() => {
    const seen = { loading: 0, shown: 0, shift: 0 };
    Object.assign(window, { seen });
    new PerformanceObserver((list) => list.getEntries().forEach((entry) => (seen.shift += (entry as unknown as { value: number }).value))).observe({ type: 'layout-shift', buffered: true });
    const look = () => {
      const rows = document.querySelector('.console__incidents > :is(.panel__body, .anchor)');
      if (rows) seen[document.getElementById('boot-skeleton') ? 'loading' : 'shown'] = Math.round(rows.getBoundingClientRect().y);
      requestAnimationFrame(look);
    };
    look();
  });
  for (const width of [360, 760, 1280, 1440, 2560]) {
    await page.setViewportSize({ width, height: 900 });
    await page.reload();
    await expectState(page, 'Connected');
    await expect(page.getByTestId('trend')).toContainText('To acknowledge');
    const { loading, shown, shift } = await page.evaluate(() => (window as unknown as { seen: { loading: number; shown: number; shift: number } }).seen);
    expect(loading, `${width} px`).toBeGreaterThan(0);
    expect(shown, `${width} px`).toBe(loading);
    expect(shift, `${width} px`).toBeLessThan(0.02);
  }
});

test('at 360 px, reconnecting and with something that waits, the page is as wide as the screen', async ({ world }) => {
  const user = 'maximiliane.featherstonehaugh-wolfeschlegelstein';
  world.site.configure({ url: `${world.proxy.url}/?user=${user}`, user });
  const page = await world.open('/?incident=inc-1005');
  await expectState(page, 'Connected');
  world.proxy.cut();
  await expectState(page, 'Reconnecting');
  await page.getByTestId('action-escalate').press('Enter');
  await expect(page.getByTestId('connection-open')).toContainText(/\d/);
  for (const width of [320, 360, 480, 760, 1024, 1440]) {
    await page.setViewportSize({ width, height: 800 });
    expect(await page.evaluate(() => document.documentElement.scrollWidth), `${width} px`).toBe(width);
    const end = (await page.getByTestId('sign-out').boundingBox())!;
    expect(end.x + end.width, `${width} px`).toBeLessThanOrEqual(width);
    await page.screenshot({ path: test.info().outputPath(`reconnecting-${width}.png`) });
  }
  expect(await violations(page)).toEqual([]);
});
