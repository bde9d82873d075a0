// The plots of the demo page: an outage is an area, the connection after it a line, one crosshair reads all of them.
import { violationsAtTop } from '../lib/axe';
import { expect, expectState, test } from '../lib/fixtures';

test.use({ gatewayOptions: { args: ['--rate', '20', '--seed', '3'] } });

test('an outage shows in every plot, under the crosshair and in the tables; by keys alone', async ({ world }) => {
  const page = await world.open('/realtime-demo');
  await expectState(page, 'Connected');
  const panel = page.getByTestId('plots-panel');
  const plots = panel.getByTestId('plot');
  await expect(plots).toHaveCount(8);
  const plot = (code: string) => panel.locator(`[data-plot=${code}]`);
  const first = (code: string) => plot(code).getByTestId('plot-value').first();
  // Events and frames come all the time; what they are differs.
  await expect(first('messages')).toHaveText(/^[1-9]\d*(\.\d)?$/);
  await expect(first('frames')).toHaveText(/^\d+(\.\d)?$/);
  await expect(first('memory')).toHaveText(/^[1-9]\d*(\.\d)?$/);
  world.proxy.cut();
  await expectState(page, 'Reconnecting');
  const chat = page.getByTestId('chat-panel');
  await chat.getByTestId('chat-input').fill('waits');
  await chat.getByTestId('chat-send').click();
  // A receipt of a message that came just before the cut may wait with it.
  await expect(plot('outbox').getByTestId('plot-value').nth(2)).toHaveText(/^[1-9]$/);
  await expect(panel.locator('.plot__outage').first()).toHaveAttribute('d', /^M/);
  await expect(first('round-trip')).toHaveText('–');
  world.proxy.restore();
  await expectState(page, 'Connected', 35_000);
  for (const one of await plots.all()) await expect(one.locator('.plot__reconnect')).toHaveAttribute('d', /^M/);

  // The crosshair is one for all; the slider moves it.
  const cross = () => panel.locator('.plot__cross').evaluateAll((all) => [...new Set(all.map((one) => one.getAttribute('d')))]);
  expect(await cross()).toEqual(['M600.0 0V50']);
  await panel.getByTestId('plots-slider').focus();
  for (let step = 0; step < 3; step += 1) await page.keyboard.press('ArrowLeft');
  expect(await cross()).toEqual(['M570.0 0V50']);
  await plots.first().locator('.plot__area').hover();
  await expect.poll(cross).toEqual(['M300.0 0V50']);
  await panel.getByTestId('plots-span').filter({ hasText: '10 min' }).click();
  await expect(panel.getByTestId('plots-span').filter({ hasText: '10 min' })).toHaveAttribute('aria-pressed', 'true');
  expect(await cross()).toEqual(['M300.0 0V50']);
  await panel.getByTestId('plots-span').filter({ hasText: '60 s' }).click();

  await plot('click').getByTestId('plot-table-open').focus();
  await page.keyboard.press('Enter');
  const table = panel.getByTestId('plot-table');
  await expect(table).toHaveCount(1);
  await expect(table.getByRole('row').filter({ hasText: 'not connected' }).first()).toBeAttached();
  await expect(table.getByRole('row').filter({ hasText: 'connected again' })).toHaveCount(1);
  // The message that waited: its way is of the second in which it was confirmed.
  await expect(table.locator('tr:has(td:nth-of-type(1):not(:text-is("–")))').first()).toBeAttached();
  expect(await violationsAtTop(page)).toEqual([]);
  await page.setViewportSize({ width: 360, height: 740 });
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(360);
  expect(await violationsAtTop(page)).toEqual([]);
});
