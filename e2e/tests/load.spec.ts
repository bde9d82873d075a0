// The load of the laboratory: events and colleagues of the gateway at run time, messages of the page by priority.
import { violationsAtTop } from '../lib/axe';
import { expect, expectState, test } from '../lib/fixtures';
import { type Page } from '@playwright/test';

const slider = (page: Page, name: string) => page.getByTestId(`load-${name}`);
const value = (page: Page, name: string) => page.getByTestId(`load-${name}-value`);
const plot = (page: Page, code: string, line: number) => page.locator(`[data-plot=${code}]`).getByTestId('plot-value').nth(line);

test.describe('with a story', () => {
  test.use({ gatewayOptions: { args: ['--rate', '2', '--seed', '13'] } });
  test.setTimeout(150_000);

  test('events and colleagues follow the sliders, by keys; another tab shows the same', async ({ world }) => {
    const page = await world.open('/realtime-demo');
    await expectState(page, 'Connected');
    await expect(value(page, 'events')).toHaveText('2/s');
    await expect(value(page, 'colleagues')).toHaveText('0');
    // Ten times as often: 30 a second, then 100.
    await slider(page, 'events').focus();
    for (const rate of ['10/s', '30/s', '100/s']) {
      await page.keyboard.press('ArrowRight');
      await expect(value(page, 'events')).toHaveText(rate);
    }
    await expect.poll(async () => Number(await plot(page, 'messages', 0).textContent()), { timeout: 20_000 }).toBeGreaterThan(40);
    await slider(page, 'colleagues').focus();
    await page.keyboard.press('End');
    await expect(value(page, 'colleagues')).toHaveText('100');
    await expect(page.locator('[data-agent-id="colleague-100"]').first()).toBeAttached();
    const other = await world.open('/realtime-demo');
    await expectState(other, 'Connected');
    await expect(value(other, 'events')).toHaveText('100/s');
    await slider(other, 'events').focus();
    await other.keyboard.press('Home');
    // A page that is not in front shows nothing new.
    await page.bringToFront();
    await expect(value(page, 'events')).toHaveText('0/s');
  });

  test('messages of the page are sent by priority, and each takes effect once', async ({ world }) => {
    const page = await world.open('/realtime-demo');
    await expectState(page, 'Connected');
    await expect(page.getByTestId('scoreboard-check')).toHaveAttribute('data-check', 'counted');
    await slider(page, 'sends').focus();
    for (let step = 0; step < 6; step += 1) await page.keyboard.press('ArrowRight');
    await expect(value(page, 'sends')).toHaveText('50/s');
    const once = async () => Number(await page.getByTestId('score-once').textContent());
    await expect.poll(once, { timeout: 30_000 }).toBeGreaterThan(100);
    world.proxy.cut();
    await expectState(page, 'Reconnecting');
    // Some of each priority wait.
    for (let line = 0; line < 4; line += 1) await expect.poll(async () => Number(await plot(page, 'outbox', line).textContent())).toBeGreaterThan(2);
    await page.getByTestId('load-mix').selectOption('normal only');
    await slider(page, 'sends').focus();
    await page.keyboard.press('Home');
    world.proxy.restore();
    await expectState(page, 'Connected', 35_000);
    await expect(page.getByTestId('score-open')).toHaveText('0', { timeout: 30_000 });
    await expect.poll(async () => `${await once()}`, { timeout: 30_000 }).toBe(await page.getByTestId('score-sent').textContent());
    await expect(page.getByTestId('scoreboard-verdict')).toHaveText('Every promise kept');
    expect(await violationsAtTop(page)).toEqual([]);
  });
});

test.describe('with the basic protocol', () => {
  test.use({ gatewayOptions: { args: ['--mock'] } });

  test('the page says what events and colleagues need, and sends all the same', async ({ world }) => {
    const page = await world.open('/realtime-demo');
    await expectState(page, 'Connected');
    await expect(page.getByTestId('load-panel')).toContainText('--scenario');
    await expect(slider(page, 'events')).toBeDisabled();
    await expect(slider(page, 'sends')).toBeEnabled();
    await page.goto(world.site.url('/realtime-demo?tour=ten-thousand'));
    await expect(page.getByTestId('tour-text')).toContainText('--scenario');
    await expect(page.getByTestId('tour-start')).toHaveCount(0);
  });
});
