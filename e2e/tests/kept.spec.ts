// The board outlives the page: what was seen last is shown at once after a reload, with when it was true.
import type { Page } from '@playwright/test';
import { violations } from '../lib/axe';
import { expect, expectState, test } from '../lib/fixtures';
import { kept } from '../lib/kept';

test.use({ gatewayOptions: { args: ['--rate', '0', '--seed', '5'] } });

const row = (page: Page, id: string) => page.locator(`[data-testid=incident-row][data-incident-id="${id}"]`);
const board = (page: Page) => page.getByTestId('incidents-panel');

test('a reload without a server shows the last board with its time, own edits over it, to nobody else', async ({ world }) => {
  const id = await world.gateway.publishIncident('Checkout is down', 'critical');
  world.site.configure({ url: `${world.proxy.url}/?user=ann`, user: 'ann' });
  const page = await world.open('/?status=all');
  await page.bringToFront();
  await expectState(page, 'Connected');
  await expect(row(page, id)).toBeVisible();
  await expect(page.getByTestId('as-of')).toHaveCount(0);
  await expect.poll(() => kept(page), 'incidents, agents, alerts').toBe(3);
  world.proxy.cut();
  await expectState(page, 'Reconnecting');
  await row(page, id).locator('.row').focus();
  await page.keyboard.press('Shift+R');
  await expect(row(page, id).getByTestId('incident-status')).toHaveText('Resolved');
  await expect(row(page, id).getByTestId('message-state')).toHaveAttribute('data-state', 'saved');

  await page.reload();
  await expect(row(page, id)).toBeVisible();
  const shown = await page.evaluate(() => Math.round(performance.now()));
  test.info().annotations.push({ type: 'measured', description: `first row at most ${shown} ms after the reload` });
  await expect(board(page).getByTestId('as-of')).toHaveText(/^As of \d\d:\d\d · not live$/);
  await expect(row(page, id).getByTestId('incident-status'), 'the edit that waits').toHaveText('Resolved');
  await expect(page.getByTestId('alerts-panel').getByTestId('as-of')).toBeVisible();
  await expect(page.getByTestId('agents-panel').getByTestId('agent').first()).toBeVisible();
  for (const width of [1440, 360]) {
    await page.setViewportSize({ width, height: 800 });
    expect(await violations(page)).toEqual([]);
    const heading = await board(page).locator('.panel__title').evaluate((title) => title.getBoundingClientRect().height);
    expect(heading, 'the heading is one line').toBeLessThan(30);
    const narrow = await page.getByTestId('alerts-panel').locator('.panel__title').evaluate((title) => title.getBoundingClientRect().height);
    expect(narrow, 'also in a narrow panel').toBeLessThan(30);
  }

  world.site.configure({ url: `${world.proxy.url}/?user=bob`, user: 'bob' });
  const other = await world.open('/');
  await expect(other.getByTestId('banner').first()).toBeVisible();
  await expect(other.getByTestId('as-of')).toHaveCount(0);
  await expect(other.getByTestId('incident-row')).toHaveCount(0);
  await other.close();

  world.proxy.restore();
  await expectState(page, 'Connected', 40_000);
  await expect(page.getByTestId('as-of')).toHaveCount(0);
  await expect.poll(async () => (await world.gateway.stats()).effects.filter((effect) => effect.key === `incidents/${id}`).length).toBe(1);
});

test('nothing of the board is left after a sign-out', async ({ world }) => {
  await world.gateway.publishIncident('Checkout is down', 'critical');
  world.site.configure({ url: `${world.gateway.url}/?user=ann`, user: 'ann' });
  const page = await world.open('/');
  await expectState(page, 'Connected');
  await expect.poll(() => kept(page)).toBe(3);
  await page.getByTestId('sign-out').click();
  await page.getByTestId('sign-out-keep').click();
  await expect(page.getByTestId('signed-out')).toBeVisible();
  await expect.poll(() => kept(page)).toBe(0);
});
