// The guided tours of the laboratory, as a first-time visitor takes them: found, started, finished, with a verdict.
import { violationsAtTop } from '../lib/axe';
import { expect, expectState, test } from '../lib/fixtures';
import { type Page } from '@playwright/test';

test.use({ gatewayOptions: { args: ['--rate', '5', '--seed', '19'] } });

const tour = (page: Page) => page.getByTestId('tour');
const verdict = (page: Page) => page.getByTestId('tour-verdict');

/** Starts the chosen tour and waits for its end. */
async function take(page: Page, words: RegExp): Promise<void> {
  await page.getByTestId('tour-start').click();
  await expect(verdict(page)).toHaveText(words, { timeout: 100_000 });
  await expect(verdict(page)).toHaveAttribute('data-state', 'kept');
}

test('a visitor finds the tours, takes the first by keys alone, and is led to the next', { tag: '@waits' }, async ({ world }) => {
  test.setTimeout(240_000);
  const page = await world.open('/realtime-demo');
  await expectState(page, 'Connected');
  await expect(page.getByTestId('tours-panel')).toBeInViewport();
  await expect(page.getByTestId('tour-choose')).toHaveCount(5);
  await expect(tour(page)).toHaveCount(0);
  await page.getByTestId('tour-choose').first().focus();
  await page.keyboard.press('Enter');
  await expect(tour(page)).toBeFocused();
  await page.keyboard.press('Tab');
  await expect(page.getByTestId('tour-start')).toBeFocused();
  await page.keyboard.press('Enter');
  // What is to be looked at is outlined and in view.
  const look = page.locator('[data-look]');
  await expect(look).toHaveAttribute('data-testid', 'connection-panel', { timeout: 40_000 });
  await expect(look).toBeInViewport();
  await expectState(page, 'Reconnecting');
  await expect(look).toHaveAttribute('data-testid', 'outbox-panel', { timeout: 40_000 });
  await expect(page.getByTestId('outbox-item')).not.toHaveCount(0);
  await expect(verdict(page)).toHaveText(
    /^Kill the server while you type \d+ s: noticed after \d+\.\d s, [3-9] messages waited, all delivered once; 99 of 100 frames within \d+ ms, the longest \d+ ms$/,
    { timeout: 100_000 },
  );
  await expect(verdict(page)).toHaveAttribute('data-state', 'kept');
  await expect(look).toHaveCount(0);
  expect(await violationsAtTop(page)).toEqual([]);
  await page.getByTestId('tour-next').click();
  await expect(tour(page)).toHaveAttribute('data-tour', 'ten-thousand');
  await page.setViewportSize({ width: 360, height: 740 });
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(360);
  await expect(page.getByTestId('tour-start')).toBeInViewport();
  expect(await violationsAtTop(page)).toEqual([]);
  await page.getByTestId('tour-close').click();
  await expect(tour(page)).toHaveCount(0);
});

// A gateway built for tests makes few more than that, and takes the whole machine for it.
test('a link leads to a tour; ten thousand events arrive, and afterwards as many as before', { tag: '@long' }, async ({ world }) => {
  test.setTimeout(240_000);
  const page = await world.open('/realtime-demo?tour=ten-thousand');
  await expectState(page, 'Connected');
  await expect(page.getByTestId('load-events-value')).toHaveText('5/s');
  await page.getByTestId('tour-start').click();
  await expect(page.getByTestId('load-events-value')).toHaveText('10 000/s', { timeout: 40_000 });
  await expect(verdict(page)).toHaveText(/^Ten thousand events \d+ s: .*; 99 of 100 frames/, { timeout: 120_000 });
  await expect(page.getByTestId('load-events-value')).toHaveText('5/s', { timeout: 90_000 });
});

test('three tabs share one socket, and another leads when the worker of one hangs', { tag: '@waits' }, async ({ world }) => {
  test.setTimeout(240_000);
  const page = await world.open('/realtime-demo?tour=three-tabs');
  await expectState(page, 'Connected');
  await page.getByTestId('tour-start').click();
  // One window at a press.
  await expect(page.getByTestId('tour-start')).toHaveText('Open the second window');
  await page.getByTestId('tour-start').click();
  const roles = () => page.getByTestId('inspector-tab').evaluateAll((all) => all.map((tab) => `${tab.dataset.role} ${tab.dataset.this}`));
  await expect.poll(roles, { timeout: 60_000 }).toEqual(['leader true', 'follower false', 'follower false']);
  expect((await world.gateway.stats()).connections).toBe(1);
  await expect.poll(async () => (await roles())[0], { timeout: 60_000 }).toBe('follower true');
  await expect(verdict(page)).toHaveText(/^Three tabs, one socket \d+ s: .* all delivered once/, { timeout: 100_000 });
  await expect(verdict(page)).toHaveAttribute('data-state', 'kept');
  // The windows it opened are closed.
  await expect.poll(() => world.chrome.context.pages().filter((one) => one.url().includes('realtime-demo')).length).toBe(1);
});

for (const [code, words] of [
  ['disk-full', /^Disk full \d+ s: the connection held, .* all delivered once/],
  ['asleep', /^Laptop asleep \d+ s: noticed after \d+\.\d s, .* all delivered once/],
] as const) {
  test(`the tour ${code} ends with a verdict`, { tag: '@waits' }, async ({ world }) => {
    test.setTimeout(240_000);
    const page = await world.open(`/realtime-demo?tour=${code}`);
    await expectState(page, 'Connected');
    await take(page, words);
  });
}

test('a tour that is stopped takes its fault back', async ({ world }) => {
  const page = await world.open('/realtime-demo?tour=kill-server');
  await expectState(page, 'Connected');
  await page.getByTestId('tour-start').click();
  await expect(page.locator('[data-fault="Blocked upgrade"]')).toHaveAttribute('aria-pressed', 'true', { timeout: 40_000 });
  await page.getByTestId('tour-stop').click();
  await expect(page.locator('[data-fault="Blocked upgrade"]')).toHaveAttribute('aria-pressed', 'false');
  await expect(page.locator('[data-look]')).toHaveCount(0);
  await expect(page.getByTestId('tour-start')).toHaveCount(0);
  await expectState(page, 'Connected', 35_000);
});
