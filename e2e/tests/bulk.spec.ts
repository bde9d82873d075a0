// One action for many incidents: picked by keys or pointer, or all of a group; one undo for all of them.
import type { Page } from '@playwright/test';
import { violations } from '../lib/axe';
import { openAs } from '../lib/console';
import { expect, test, type World } from '../lib/fixtures';

test.use({ gatewayOptions: { args: ['--rate', '0', '--seed', '5'] } });

const TITLES = ['Checkout is down', 'Mail is late', 'Search is slow'];

const row = (page: Page, id: string) => page.locator(`[data-testid=incident-row][data-incident-id="${id}"]`);
const status = (page: Page, id: string) => row(page, id).getByTestId('incident-status');
const group = (page: Page) => page.getByTestId('incident-group').first();
const focusedLine = (page: Page) => page.evaluate(() => document.activeElement?.closest('[data-line]')?.getAttribute('data-line'));

/** Critical ones, the last one first in the list. */
async function publish(world: World): Promise<string[]> {
  const ids = [];
  for (const title of TITLES) ids.unshift(await world.gateway.publishIncident(title, 'critical'));
  return ids;
}

async function storm(world: World, count: number): Promise<void> {
  const event = (n: number) => ({
    channel: 'incidents',
    type: 'incident.created',
    payload: { incidentId: `inc-s${n}`, type: 'created', data: { title: `Disk of host-${n} is full`, severity: 'critical', status: 'new', createdAt: Date.now() - n } },
  });
  await world.gateway.publishAll(Array.from({ length: count }, (_, n) => event(n)));
}

async function look(page: Page, name: string): Promise<void> {
  for (const width of [1440, 360]) {
    await page.setViewportSize({ width, height: 900 });
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme });
      expect(await violations(page), `${name}, ${colorScheme}, ${width} px`).toEqual([]);
      await page.screenshot({ path: test.info().outputPath(`${name}-${colorScheme}-${width}.png`) });
    }
  }
  await page.setViewportSize({ width: 1440, height: 900 });
}

test('rows are picked by keys, one key acts on all of them, and one undo takes all of it back', async ({ world }) => {
  const ids = await publish(world);
  const page = await openAs(world, 'ann');
  const count = page.getByTestId('bulk-count');
  await page.keyboard.press('j');
  await page.keyboard.press('a');
  await expect(status(page, ids[0]!)).toHaveText('Acknowledged');
  await page.keyboard.press('x');
  await expect(count).toHaveText('1 selected');
  await page.keyboard.press('Shift+ArrowDown');
  await page.keyboard.press('Shift+ArrowDown');
  await page.keyboard.press('Shift+ArrowDown');
  await expect(count).toHaveText('4 selected');
  await page.keyboard.press('Shift+ArrowUp');
  await expect(count).toHaveText('3 selected');
  expect(await focusedLine(page)).toBe(ids[2]);
  await expect(page.getByTestId('bulk-acknowledge'), 'one of them is acknowledged already').toHaveText('Acknowledge 2');
  await expect(page.getByTestId('bulk-resolve')).toHaveText('Resolve 3');
  await expect(row(page, ids[2]!).getByRole('button').first()).toHaveAccessibleName(/^Selected: /);
  await look(page, 'picked');

  await page.keyboard.press('Escape');
  await expect(page.getByTestId('bulk-bar')).toHaveCount(0);
  await page.keyboard.press('x');
  await page.keyboard.press('Shift+ArrowUp');
  await page.keyboard.press('m');
  await expect(page.getByTestId('toast')).toContainText('Took 2 incidents');
  await expect(page.getByTestId('bulk-bar'), 'no later key is about them').toHaveCount(0);
  for (const id of ids) await expect(status(page, id)).toHaveText('Acknowledged');
  await page.keyboard.press('u');
  await expect(page.getByTestId('toast')).toHaveText('Undone: 2 incidents are as they were before');
  for (const id of ids.slice(1)) await expect(status(page, id)).toHaveText('New');
  await expect(status(page, ids[0]!), 'it was not one of them').toHaveText('Acknowledged');

  // By the pointer, and by the buttons of the bar.
  await row(page, ids[0]!).hover();
  await row(page, ids[0]!).getByTestId('row-select').click();
  await row(page, ids[2]!).locator('.row').click({ modifiers: ['Shift'] });
  await expect(count).toHaveText('3 selected');
  await row(page, ids[1]!).locator('.row').click({ modifiers: ['Control'] });
  await expect(count).toHaveText('2 selected');
  await expect(page.getByTestId('incident-detail')).toHaveCount(0);
  await page.getByTestId('bulk-resolve').press('Enter');
  await expect(page.getByTestId('toast')).toContainText('Resolved 2 incidents');
  await expect.poll(() => focusedLine(page), { message: 'the focus is not lost with the bar' }).toBeTruthy();
  const effects = async (id: string) => (await world.gateway.stats()).effects.filter((effect) => effect.key === `incidents/${id}`).length;
  await expect.poll(() => Promise.all(ids.map(effects))).toEqual([2, 2, 3]);
});

test('undo names what somebody changed meanwhile, and takes the rest back', async ({ world }) => {
  const ids = await publish(world);
  const page = await openAs(world, 'ann');
  await page.keyboard.press('j');
  await page.keyboard.press('x');
  await page.keyboard.press('Shift+ArrowDown');
  await page.keyboard.press('Shift+ArrowDown');
  await page.keyboard.press('a');
  for (const id of ids) await expect(status(page, id)).toHaveText('Acknowledged');
  const other = await world.chrome.browser.newContext();
  try {
    const bob = await openAs(world, 'bob', { context: other });
    await row(bob, ids[1]!).locator('.row').focus();
    await bob.keyboard.press('i');
    await expect(status(page, ids[1]!)).toHaveText('Investigating');
  } finally {
    await other.close();
  }
  await page.bringToFront();
  await page.keyboard.press('u');
  await expect(page.getByTestId('toast')).toContainText('Undone: 2 incidents are as they were before');
  await expect(page.getByTestId('toast')).toContainText(`Not undone: bob investigated ${ids[1]} just now`);
  await look(page, 'partly-undone');
  await expect(status(page, ids[0]!)).toHaveText('New');
  await expect(status(page, ids[1]!)).toHaveText('Investigating');
  await expect(status(page, ids[2]!)).toHaveText('New');
});

test('a selection stays right when its rows change, are grouped, and vanish', async ({ world }) => {
  await storm(world, 3);
  const page = await openAs(world, 'ann');
  const count = page.getByTestId('bulk-count');
  await expect(group(page)).toBeVisible();
  await page.keyboard.press('v');
  await page.keyboard.press('g');
  await row(page, 'inc-s0').locator('.row').focus();
  await page.keyboard.press('x');
  await page.keyboard.press('Shift+ArrowDown');
  await page.keyboard.press('Shift+ArrowDown');
  await expect(count).toHaveText('3 selected');
  await page.keyboard.press('v');
  await page.keyboard.press('g');
  await expect(group(page)).toContainText('Selected: ');
  await expect(count).toHaveText('3 selected');
  // Somebody resolves one: while a hand is on the rows it stays in its place, as it stands now.
  await group(page).getByRole('button').first().focus();
  await page.keyboard.press('ArrowRight');
  await world.gateway.publish({ channel: 'incidents', type: 'incident.updated', payload: { incidentId: 'inc-s1', type: 'updated', data: { status: 'resolved', updatedAt: Date.now() } } });
  await expect(status(page, 'inc-s1')).toHaveText('Resolved');
  await expect(count).toHaveText('3 selected');
  await expect(page.getByTestId('bulk-acknowledge')).toHaveText('Acknowledge 2');
  await page.getByTestId('incidents-new').press('Enter');
  await expect(count).toHaveText('2 selected');
  await page.keyboard.press('/');
  await page.keyboard.type('host-2');
  await expect(count).toHaveText('1 selected');
  await page.keyboard.type('nothing');
  await expect(page.getByTestId('bulk-bar')).toHaveCount(0);
});

test('who was faster with the same is named after an action on many, with the time between', async ({ world }) => {
  const ids = await publish(world);
  const page = await openAs(world, 'ann', { config: { url: `${world.proxy.url}/?user=ann` } });
  const other = await world.chrome.browser.newContext();
  try {
    const bob = await openAs(world, 'bob', { context: other });
    await page.bringToFront();
    await page.keyboard.press('j');
    await page.keyboard.press('x');
    await page.keyboard.press('Shift+ArrowDown');
    await expect(page.getByTestId('bulk-count')).toHaveText('2 selected');
    world.proxy.cut();
    await page.keyboard.press('a');
    await expect(page.getByTestId('toast')).toContainText('Acknowledged 2 incidents');
    // The offer stays under the pointer.
    await page.getByTestId('toast').hover();
    await bob.bringToFront();
    await row(bob, ids[1]!).locator('.row').focus();
    await bob.keyboard.press('Shift+R');
    await expect(bob.getByTestId('toast')).toContainText(`Resolved ${ids[1]}`);
    world.proxy.restore();
    await page.bringToFront();
    await expect(page.getByTestId('toast').getByTestId('overtaken')).toHaveText(new RegExp(`^bob resolved ${ids[1]} (just|\\d+ s) before your change$`));
    await expect(page.getByTestId('overtaken')).toHaveCount(1);
    await look(page, 'overtaken');
  } finally {
    await other.close();
  }
});

test('on a phone a button lets presses select rows; after the action they open them again', async ({ world }) => {
  const ids = await publish(world);
  const phone = await world.chrome.browser.newContext({ hasTouch: true, isMobile: true });
  try {
    const page = await openAs(world, 'ann', { context: phone });
    await page.setViewportSize({ width: 360, height: 780 });
    const pick = page.getByTestId('board-pick');
    await pick.tap();
    await expect(pick).toHaveAttribute('aria-pressed', 'true');
    for (const id of ids) await row(page, id).locator('.row').tap();
    await expect(page.getByTestId('bulk-count')).toHaveText('3 selected');
    await row(page, ids[2]!).locator('.row').tap();
    await expect(page.getByTestId('bulk-count')).toHaveText('2 selected');
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme });
      expect(await violations(page), colorScheme).toEqual([]);
      await page.screenshot({ path: test.info().outputPath(`touch-${colorScheme}.png`) });
    }
    await page.getByTestId('bulk-acknowledge').tap();
    for (const id of ids.slice(0, 2)) await expect(status(page, id)).toHaveText('Acknowledged');
    await expect(status(page, ids[2]!)).toHaveText('New');
    await expect(pick).toHaveAttribute('aria-pressed', 'false');
    await page.screenshot({ path: test.info().outputPath('touch-after.png') });
    await row(page, ids[2]!).locator('.row').tap();
    await expect(page.getByTestId('detail-title')).toHaveText(TITLES[0]!);
  } finally {
    await phone.close();
  }
  // Where there is a mouse nothing is added to the row of views.
  await expect((await openAs(world, 'ann')).getByTestId('board-pick')).toBeHidden();
});

test('all of a group is acknowledged and resolved, by keys and by the pointer, with its count', async ({ world }) => {
  await storm(world, 30);
  const page = await openAs(world, 'ann');
  await expect(group(page).getByTestId('group-count')).toContainText('×30');
  await group(page).getByRole('button').first().focus();
  await page.keyboard.press('ArrowRight');
  await expect(group(page).getByRole('button').first()).toHaveAttribute('aria-expanded', 'true');
  await page.keyboard.press('ArrowRight');
  await expect(group(page).getByTestId('row-select')).toBeFocused();
  await page.keyboard.press('ArrowRight');
  await expect(group(page).getByTestId('row-acknowledge')).toHaveAccessibleName('Acknowledge 30: Disk of … is full');
  await look(page, 'group');
  await page.keyboard.press('Enter');
  await expect(page.getByTestId('toast')).toContainText('Acknowledged 30 incidents');
  await expect(group(page)).toContainText('Acknowledged');
  await expect(group(page).getByRole('button').first(), 'the button went with what it did').toBeFocused();
  await page.keyboard.press('u');
  await expect(page.getByTestId('toast')).toHaveText('Undone: 30 incidents are as they were before');
  await expect(group(page).locator('.tag')).toHaveText('New');
  // No single letter acts on a group that is not picked.
  await page.keyboard.press('a');
  await page.keyboard.press('x');
  await expect(page.getByTestId('bulk-count')).toHaveText('30 selected');
  await expect(page.getByTestId('bulk-acknowledge')).toHaveText('Acknowledge 30');
  await page.keyboard.press('Escape');
  await group(page).hover();
  await group(page).getByTestId('row-resolve').click();
  await expect(page.getByTestId('toast')).toContainText('Resolved 30 incidents');
  await page.getByTestId('undo').press('Enter');
  await expect(group(page).locator('.tag')).toHaveText('New');
});
