// The console by keys alone: rows, actions, undo, palette, the sheet of keys.
import type { Page } from '@playwright/test';
import { violations } from '../lib/axe';
import { openAs } from '../lib/console';
import { expect, expectState, test } from '../lib/fixtures';

test.use({ gatewayOptions: { args: ['--rate', '0', '--seed', '5'] } });

const row = (page: Page, id: string) => page.locator(`[data-testid=incident-row][data-incident-id="${id}"]`);
const status = (page: Page, id: string) => row(page, id).getByTestId('incident-status');
const focusedRow = (page: Page) => page.evaluate(() => document.activeElement?.closest('[data-incident-id]')?.getAttribute('data-incident-id'));

test('an incident is found, taken, investigated and resolved by keys, and the last step undone', async ({ world }) => {
  const id = await world.gateway.publishIncident('Checkout is down', 'critical');
  const page = await openAs(world, 'ann');
  await expect(page.getByTestId('me')).toHaveAttribute('title', /^Signed in as /);
  await page.keyboard.press('j');
  expect(await focusedRow(page), 'the first row').toBe(id);
  await page.keyboard.press('j');
  expect(await focusedRow(page)).not.toBe(id);
  await page.keyboard.press('k');
  expect(await focusedRow(page)).toBe(id);

  await page.keyboard.press('m');
  await expect(status(page, id)).toHaveText('Acknowledged');
  await expect(page.getByTestId('toast')).toContainText(`Took ${id}`);
  await page.keyboard.press('u');
  await expect(status(page, id)).toHaveText('New');
  await expect(page.getByTestId('toast')).toContainText('Undone');
  await page.keyboard.press('a');
  await page.keyboard.press('i');
  await expect(status(page, id)).toHaveText('Investigating');
  await page.keyboard.press('r');
  await expect(status(page, id), 'not by a bare letter').toHaveText('Investigating');

  await page.keyboard.press('o');
  const detail = page.getByTestId('incident-detail');
  await expect(detail.getByTestId('detail-title')).toHaveText('Checkout is down');
  await page.keyboard.press('c');
  await expect(detail.getByTestId('chat-input')).toBeFocused();
  await page.keyboard.type('aeimR ?/u');
  await expect(detail.getByTestId('chat-input')).toHaveValue('aeimR ?/u');
  await detail.getByTestId('chat-input').fill('');
  await page.keyboard.press('Escape');
  await expect(detail).toHaveCount(0);
  expect(await focusedRow(page), 'back where it was').toBe(id);

  await page.keyboard.press('Shift+R');
  await expect(page.getByTestId('toast')).toContainText(`Resolved ${id}`);
  expect(await violations(page)).toEqual([]);
  await page.getByTestId('undo').click();
  await expect(status(page, id)).toHaveText('Investigating');
  const types = async () => (await world.gateway.stats()).effects.filter((effect) => effect.key === `incidents/${id}` && effect.type === 'incident.update').length;
  await expect.poll(types, 'each step and each undo took effect once').toBe(6);
});

test('undo is refused, with the name, when somebody changed the same meanwhile', async ({ world }) => {
  const id = await world.gateway.publishIncident('Orders stand still', 'critical');
  const page = await openAs(world, 'ann');
  await page.keyboard.press('j');
  await page.keyboard.press('a');
  await expect(status(page, id)).toHaveText('Acknowledged');
  const other = await world.chrome.browser.newContext();
  try {
    const bob = await openAs(world, 'bob', { context: other });
    await bob.keyboard.press('j');
    await expect(status(bob, id)).toHaveText('Acknowledged');
    await bob.keyboard.press('i');
    await expect(status(page, id)).toHaveText('Investigating');
    await page.bringToFront();
    await page.keyboard.press('u');
    await expect(page.getByTestId('toast')).toHaveText(`Not undone: bob investigated ${id} just now`);
    await expect(status(page, id)).toHaveText('Investigating');
  } finally {
    await other.close();
  }
});

test('undo without a connection: both edits leave in order, once', async ({ world }) => {
  const id = await world.gateway.publishIncident('Search is slow', 'critical');
  world.site.configure({ url: `${world.proxy.url}/?user=ann`, user: 'ann' });
  const page = await world.open('/');
  await page.bringToFront();
  await expectState(page, 'Connected');
  await expect(row(page, id)).toBeVisible();
  world.proxy.cut();
  await expectState(page, 'Reconnecting');
  await row(page, id).locator('.row').focus();
  await page.keyboard.press('e');
  await expect(status(page, id)).toHaveText('Escalated');
  await page.keyboard.press('u');
  await expect(status(page, id)).toHaveText('New');
  await page.getByTestId('connection-open').click();
  await expect(page.getByTestId('connection-dialog').getByTestId('outbox-item')).toHaveText([/^Escalate /, /^Set .* to new/]);
  world.proxy.restore();
  await expect.poll(async () => (await world.gateway.stats()).effects.filter((effect) => effect.key === `incidents/${id}`).length, { timeout: 40_000 }).toBe(2);
  await expect(status(page, id)).toHaveText('New');
});

test('rows have actions under the pointer and behind the arrow keys', async ({ world }) => {
  const id = await world.gateway.publishIncident('Mail is late', 'critical');
  const page = await openAs(world, 'ann');
  await expect(page.getByTestId('row-take')).toHaveCount(0);
  await row(page, id).hover();
  await row(page, id).getByTestId('row-acknowledge').click();
  await expect(status(page, id)).toHaveText('Acknowledged');
  await expect(page.getByTestId('incident-detail'), 'nothing is opened').toHaveCount(0);
  await row(page, id).locator('.row').focus();
  await page.keyboard.press('ArrowRight');
  await expect(page.getByTestId('row-select')).toBeFocused();
  await page.keyboard.press('ArrowRight');
  await expect(page.getByTestId('row-take')).toBeFocused();
  expect(await violations(page)).toEqual([]);
  await page.keyboard.press('Enter');
  await expect(page.getByTestId('toast')).toContainText(`Took ${id}`);
});

test('the palette finds commands, incidents and people; the sheet lists keys, and letters can be switched off', async ({ world }) => {
  const id = await world.gateway.publishIncident('Disk full on db-7', 'critical');
  const page = await openAs(world, 'ann');
  await page.keyboard.press('j');
  await page.keyboard.press('Control+k');
  const input = page.getByTestId('palette-input');
  await expect(input).toBeFocused();
  for (const scheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme: scheme });
    expect(await violations(page), scheme).toEqual([]);
  }
  await page.keyboard.type('esc');
  await expect(page.getByTestId('palette-option').first()).toContainText(`Escalate: ${id}`);
  await page.keyboard.press('Enter');
  await expect(page.getByTestId('palette-dialog')).toHaveCount(0);
  await expect(status(page, id)).toHaveText('Escalated');
  expect(await focusedRow(page), 'the focus is back').toBe(id);

  await page.keyboard.press('Control+k');
  await expect(input).toBeFocused();
  await page.keyboard.type('assign priya');
  await expect(page.getByTestId('palette-option').first()).toContainText('Priya Raman');
  await page.keyboard.press('Enter');
  await expect(page.getByTestId('toast')).toContainText(`Assigned ${id} to Priya Raman`);
  await page.keyboard.press('Control+k');
  await expect(input).toBeFocused();
  await page.keyboard.type('disk db-7');
  await expect(page.getByTestId('palette-option').first()).toContainText('Disk full on db-7');
  await page.keyboard.press('Enter');
  await expect(page.getByTestId('detail-title')).toHaveText('Disk full on db-7');
  // From a field, too.
  await page.getByTestId('incident-search').focus();
  await page.keyboard.press('Control+k');
  await page.keyboard.type('realtime demo');
  await page.keyboard.press('Enter');
  await expect(page).toHaveURL(/realtime-demo/);
  // Another program: its keys are there when it is.
  await expectState(page, 'Connected');
  await page.keyboard.press('g');
  await page.keyboard.press('i');
  await expect(page).toHaveURL(/\/$/);
  await expectState(page, 'Connected');

  await page.keyboard.press('?');
  await expect(page.getByTestId('keys-dialog')).toContainText('Take it');
  expect(await violations(page)).toEqual([]);
  await page.getByTestId('keys-letters').press('Space');
  await page.keyboard.press('Escape');
  await page.keyboard.press('/');
  await expect(page.getByTestId('incident-search')).not.toBeFocused();
  await page.keyboard.press('Control+k');
  await expect(input).toBeFocused();
});
