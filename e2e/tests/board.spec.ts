// The list of incidents: groups, views, filters and order, by keys; the address says what is shown.
import type { Page } from '@playwright/test';
import { violations } from '../lib/axe';
import { openAs } from '../lib/console';
import { expect, expectState, incidentIds, test, type World } from '../lib/fixtures';

test.use({ gatewayOptions: { args: ['--rate', '0', '--seed', '5'] } });

const STORM = 1_000;

interface Given {
  id: string;
  title: string;
  severity?: string;
  assignedTo?: string;
  service?: string;
  age?: number;
}

async function publish(world: World, incidents: Given[]): Promise<void> {
  const now = Date.now();
  const event = ({ id, title, severity = 'high', assignedTo, service, age = 0 }: Given) => ({
    channel: 'incidents',
    type: 'incident.created',
    payload: {
      incidentId: id,
      type: 'created',
      data: { title, severity, status: 'new', createdAt: now - age, updatedAt: now - age, ...(assignedTo ? { assignedTo } : {}), ...(service ? { service } : {}) },
    },
  });
  await world.gateway.publishAll(incidents.map(event));
}

const heading = (page: Page) => page.getByTestId('incidents-panel').locator('.panel__count');
const group = (page: Page) => page.getByTestId('incident-group').first();
const query = (page: Page) => new URL(page.url()).search;
const focusedLine = (page: Page) => page.evaluate(() => document.activeElement?.closest('[data-line]')?.getAttribute('data-line'));
const isBodyFocused = (page: Page) => page.evaluate(() => document.activeElement === document.body);
const view = (page: Page, name: string) => page.getByTestId('view').filter({ hasText: name });

test('a thousand equal alerts are one row, which opens to its members, by keys', async ({ world }) => {
  test.setTimeout(120_000);
  const storm = Array.from({ length: STORM }, (_, n) => ({ id: `inc-s${n}`, title: `Disk of host-${n} is ${n % 100} % full`, age: n, service: 'storage' }));
  await publish(world, [...storm, { id: 'inc-apart', title: 'Checkout is down', severity: 'critical' }]);
  const page = await openAs(world, 'ann');
  await expect(group(page).getByTestId('group-count')).toContainText(`×${STORM}`);
  await expect(heading(page)).toHaveText(/^1\d\d\d open$/);
  const folded = await page.getByTestId('incident-row').count();
  expect(folded, 'the storm hides nothing else').toBeLessThan(60);
  expect(await incidentIds(page)).toContain('inc-apart');

  while (!(await focusedLine(page))?.includes('disk of # is')) await page.keyboard.press('j');
  await page.keyboard.press('a');
  await expect(page.getByTestId('toast'), 'a group is no incident').toHaveCount(0);
  await page.keyboard.press('o');
  await expect(group(page).getByRole('button').first()).toHaveAttribute('aria-expanded', 'true');
  await page.keyboard.press('j');
  expect(await focusedLine(page), 'the newest of them').toBe('inc-s0');
  await page.keyboard.press('a');
  await expect(page.locator('[data-incident-id=inc-s0]').getByTestId('incident-status')).toHaveText('Acknowledged');
  await expect(group(page), 'how many nobody has looked at').toContainText(`${STORM - 1} new`);
  expect(await violations(page)).toEqual([]);
  await page.keyboard.press('k');
  await page.keyboard.press('ArrowLeft');
  await expect(group(page).getByRole('button').first()).toHaveAttribute('aria-expanded', 'false');
  await expect(page.getByTestId('incident-row')).toHaveCount(folded);
  await page.keyboard.press('ArrowRight');
  await expect(page.locator('[data-incident-id=inc-s0]')).toBeVisible();

  await page.keyboard.press('v');
  await page.keyboard.press('g');
  await expect(page.getByTestId('incident-group')).toHaveCount(0);
  await expect.poll(() => query(page)).toBe('?group=off');
  expect(await isBodyFocused(page), 'the focus is not lost with the row').toBe(false);
  await page.goBack();
  await expect(group(page)).toBeVisible();
});

test('views, filter and order stand in the address: back, forward, reload and another page show the same', async ({ world }) => {
  await publish(world, [
    { id: 'inc-mine', title: 'Zebras wait', assignedTo: 'ann', service: 'payments', age: 3 },
    { id: 'inc-his', title: 'Zebras fail', assignedTo: 'bob', service: 'payments', severity: 'low', age: 2 },
    { id: 'inc-free', title: 'Search is slow', service: 'search', severity: 'critical', age: 1 },
  ]);
  const page = await openAs(world, 'ann');
  await expect(view(page, 'Mine')).toContainText('1');
  await page.keyboard.press('v');
  await page.keyboard.press('m');
  await expect(view(page, 'Mine')).toHaveAttribute('aria-pressed', 'true');
  expect(await incidentIds(page)).toEqual(['inc-mine']);
  expect(query(page)).toBe('?who=me');
  await page.keyboard.press('v');
  await page.keyboard.press('u');
  await expect.poll(() => incidentIds(page)).toContain('inc-free');
  expect(await incidentIds(page)).not.toContain('inc-mine');
  expect(query(page)).toBe('?who=nobody');
  await page.goBack();
  await expect(view(page, 'Mine')).toHaveAttribute('aria-pressed', 'true');
  await page.goForward();
  await expect(view(page, 'Unassigned')).toHaveAttribute('aria-pressed', 'true');

  // The palette has what has no key.
  await page.keyboard.press('Control+k');
  await page.getByTestId('palette-input').fill('oldest');
  await page.keyboard.press('Enter');
  await expect.poll(() => query(page)).toBe('?who=nobody&sort=oldest');
  await page.keyboard.press('v');
  await page.keyboard.press('a');
  await page.keyboard.press('/');
  const entries = await page.evaluate(() => history.length);
  await page.keyboard.type('zebras');
  await expect.poll(() => query(page)).toBe('?q=zebras&sort=oldest');
  expect(await page.evaluate(() => history.length), 'letters are no steps to go back').toBe(entries);
  const shown = ['inc-mine', 'inc-his'];
  await expect.poll(() => incidentIds(page)).toEqual(shown);
  // An incident opened and closed leaves the list as it is.
  await page.getByTestId('incident-row').first().getByRole('button').first().click();
  await expect(page.getByTestId('incident-detail')).toBeVisible();
  await expect.poll(() => query(page)).toBe('?q=zebras&sort=oldest&incident=inc-mine');
  await page.keyboard.press('Escape');
  await expect(page.getByTestId('incident-detail')).toHaveCount(0);
  expect(await incidentIds(page)).toEqual(shown);
  await page.reload();
  await expect.poll(() => incidentIds(page)).toEqual(shown);
  await expect(page.getByTestId('incident-search')).toHaveValue('zebras');
  const other = await world.chrome.context.newPage();
  await other.goto(page.url());
  await expect.poll(() => incidentIds(other)).toEqual(shown);
});

test('a filter that fits nothing says what hides how many, and how to see it', async ({ world }) => {
  await publish(world, [
    { id: 'inc-a', title: 'Zebra one', service: 'payments', assignedTo: 'bob' },
    { id: 'inc-b', title: 'Zebra two', service: 'search' },
  ]);
  const page = await openAs(world, 'ann', { route: '/?status=all&q=zebra&service=payments&who=me' });
  const nothing = page.getByTestId('incidents-panel').getByTestId('empty');
  await expect(nothing).toContainText('The assignee hides 1 incident.');
  expect(await violations(page)).toEqual([]);
  await nothing.getByTestId('filter-without').press('Enter');
  await expect.poll(() => incidentIds(page)).toEqual(['inc-a']);
  expect(await isBodyFocused(page)).toBe(false);
  await expect.poll(() => query(page)).toBe('?status=all&service=payments&q=zebra');
  await page.goto(world.site.url('/?q=nowhere&who=me'));
  await expect(nothing).toContainText('No condition alone hides');
  await nothing.getByTestId('filter-clear').press('Enter');
  await expect(page.getByTestId('incident-row').first()).toBeVisible();
  await expect.poll(() => query(page)).toBe('');
});

test('a view of ones own is kept for this person, is found in the palette, and goes with what is deleted', async ({ world }) => {
  await publish(world, [
    { id: 'inc-a', title: 'Zebra one', service: 'payments' },
    { id: 'inc-b', title: 'Zebra two', service: 'search' },
  ]);
  const page = await openAs(world, 'ann');
  await expect(page.getByTestId('incident-row').first()).toBeVisible();
  const more = page.getByRole('button', { name: 'Filter and order' });
  await more.press('Enter');
  await page.getByTestId('filter-service').selectOption('payments');
  await expect.poll(() => incidentIds(page)).toContain('inc-a');
  expect(await incidentIds(page)).not.toContain('inc-b');
  await page.getByTestId('filter-who').selectOption({ label: 'Nobody' });
  await page.getByTestId('filter-order').selectOption({ label: 'Newest first' });
  await page.getByTestId('filter-group').press('Space');
  await expect.poll(() => query(page)).toBe('?who=nobody&service=payments&sort=newest&group=off');
  await page.getByTestId('view-save').press('Enter');
  await expect(page.getByTestId('view-name'), 'it asks for what is missing').toBeFocused();
  await page.keyboard.type('Payments');
  expect(await violations(page)).toEqual([]);
  await page.keyboard.press('Enter');
  await expect(page.getByTestId('own-view')).toHaveText('Payments');
  await expect(page.getByTestId('own-view')).toHaveAttribute('aria-pressed', 'true');

  // From another page, by the palette.
  await page.keyboard.press('Escape');
  await page.goto(world.site.url('/realtime-demo'));
  await expectState(page, 'Connected');
  await page.keyboard.press('Control+k');
  await page.getByTestId('palette-input').fill('show paym');
  await page.keyboard.press('Enter');
  await expect.poll(() => query(page)).toBe('?who=nobody&service=payments&sort=newest&group=off');
  await expect(page.getByTestId('own-view')).toHaveAttribute('aria-pressed', 'true');

  const kept = () => page.evaluate(() => Object.keys(localStorage).filter((key) => key.startsWith('sentinelops.views')));
  expect(await kept()).toEqual(['sentinelops.views.ann']);
  await page.getByTestId('sign-out').click();
  await page.getByTestId('sign-out-wipe').click();
  await page.getByTestId('sign-out-delete').click();
  await expect(page.getByTestId('signed-out')).toBeVisible();
  expect(await kept()).toEqual([]);
});
