// A new incident: made without a connection, edited and talked about, it arrives in order and once.
import { expect, expectState, test } from '../lib/fixtures';

test.use({ gatewayOptions: { args: ['--rate', '0', '--seed', '5'] } });

test('created offline, edited and talked about: all arrive in order exactly once', async ({ world }) => {
  const page = await world.open('/');
  await expectState(page, 'Connected');
  await expect(page.getByTestId('incident-row').first()).toBeVisible();
  world.proxy.cut();
  await expectState(page, 'Reconnecting');

  // By keyboard alone, and what was typed is kept over a closed dialog.
  await page.getByTestId('incident-new').focus();
  await page.keyboard.press('Enter');
  await page.keyboard.type('Disk full on db-7');
  await page.keyboard.press('Escape');
  await expect(page.getByTestId('new-incident-dialog')).toHaveCount(0);
  await page.keyboard.press('Enter');
  await expect(page.getByTestId('new-incident-title')).toHaveValue('Disk full on db-7');
  await page.getByTestId('new-incident-severity').selectOption('high');
  await page.getByTestId('new-incident-create').click();

  const detail = page.getByTestId('incident-detail');
  await expect(detail.getByTestId('detail-title')).toHaveText('Disk full on db-7');
  const id = new URL(page.url()).searchParams.get('incident')!;
  await detail.getByTestId('action-investigate').click();
  await detail.getByTestId('chat-input').fill('growing by 1 GB a minute');
  await detail.getByTestId('chat-send').click();
  await expect(detail.getByText('Investigating').first()).toBeVisible();
  expect((await world.gateway.stats()).effects).toEqual([]);

  world.proxy.restore();
  await expectState(page, 'Connected', 40_000);
  const mine = async () => (await world.gateway.stats()).effects.filter((effect) => effect.key === `incidents/${id}` && !effect.type.startsWith('chat.read') && !effect.type.startsWith('chat.delivered'));
  await expect.poll(async () => (await mine()).map(({ type }) => type), { timeout: 30_000 }).toEqual(['incident.create', 'incident.update', 'chat.message']);
  const { perId } = await world.gateway.stats();
  expect(Object.values(perId).every((times) => times === 1)).toBe(true);
  await expect(detail.getByTestId('chat-text').filter({ hasText: 'growing by 1 GB a minute' })).toHaveCount(1);
  await detail.getByTestId('timeline').locator('summary').click();
  // Opened, investigated, and the message.
  await expect(detail.getByTestId('timeline').locator('li:not(.timeline__day)')).toHaveCount(3);
});
