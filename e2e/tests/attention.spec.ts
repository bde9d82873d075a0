// A new incident calls the person: title, icon, notification, sound, screen reader; as they chose, and once.
import type { Page } from '@playwright/test';
import { violations } from '../lib/axe';
import { cuesOf, pressNotification, recordCues } from '../lib/cues';
import { expect, expectState, test } from '../lib/fixtures';

test.use({ gatewayOptions: { args: ['--rate', '0', '--seed', '5'] } });

const icon = (page: Page) => page.locator('link[rel=icon]').getAttribute('href');

test('a critical incident calls in title, icon and live region; moving the pointer ends it', async ({ world }) => {
  await recordCues(world.chrome.context);
  const page = await world.open('/');
  await page.bringToFront();
  await expectState(page, 'Connected');
  await expect(page.getByTestId('incident-row').first()).toBeVisible();
  await expect(page, 'the first board is no news').toHaveTitle('SentinelOps');
  const before = await icon(page);

  await world.gateway.publishIncident('<b>Disk</b> full on db-7', 'critical');
  await expect(page).toHaveTitle('(1) Critical: <b>Disk</b> full on db-7 · SentinelOps');
  expect(await icon(page)).toMatch(/^data:image\/svg\+xml/);
  await expect(page.getByTestId('attention-urgent')).toHaveText('New incident: Critical: <b>Disk</b> full on db-7');
  await page.mouse.move(20, 20);
  await expect(page).toHaveTitle('SentinelOps');
  expect(await icon(page)).toBe(before);
  expect((await cuesOf(page)).appBadges).toEqual([1, 0]);
});

test('one of two tabs notifies; a press opens the incident; a storm is one summary', async ({ world }) => {
  await recordCues(world.chrome.context);
  const first = await world.open('/');
  await expectState(first, 'Connected');
  const second = await world.open('/realtime-demo');
  await expectState(second, 'Connected');
  // Another program has the focus: no page of the console is in front.
  const elsewhere = await world.chrome.context.newPage();
  await elsewhere.bringToFront();
  await expect.poll(() => Promise.all([first, second].map((page) => page.evaluate(() => document.hidden)))).toEqual([true, true]);

  const notifications = async () => (await Promise.all([first, second].map(cuesOf))).flatMap((cues) => cues.notifications);
  const id = await world.gateway.publishIncident('Checkout is down', 'critical');
  await expect.poll(notifications).toEqual([{ title: 'Critical: Checkout is down', body: `New incident · ${id}`, tag: id, closed: false }]);
  for (const page of [first, second]) await expect(page).toHaveTitle(/^\(1\) Critical: Checkout is down · /);

  const speaker = (await cuesOf(first)).notifications.length ? first : second;
  await pressNotification(speaker);
  await speaker.bringToFront();
  await expect(speaker.getByTestId('detail-title')).toHaveText('Checkout is down');
  await expect(speaker).toHaveTitle(new RegExp(`${id} · SentinelOps$`));

  await elsewhere.bringToFront();
  const storm = Array.from({ length: 100 }, (_, at) => ({
    channel: 'incidents',
    type: 'incident.created',
    payload: { incidentId: `storm-${at}`, type: 'created', data: { title: `Pod ${at} restarts`, severity: 'critical', status: 'new', createdAt: Date.now() } },
  }));
  await world.gateway.publishAll(storm);
  // It waits until the rest after the first call is over.
  await expect.poll(async () => (await notifications()).slice(1).map(({ title, tag }) => ({ title, tag })), { timeout: 20_000 }).toEqual([
    { title: '100 critical incidents', tag: 'sentinelops-summary' },
  ]);
  expect((await notifications()).at(-1)?.closed).toBe(false);

  await second.bringToFront();
  await second.getByTestId('sign-out').click();
  await second.getByTestId('sign-out-keep').click();
  await expect.poll(async () => (await notifications()).every(({ closed }) => closed), 'none stays after a sign-out').toBe(true);
  const stored = () => second.evaluate(() => Object.keys(localStorage).filter((key) => key.startsWith('sentinelops.attention ')));
  await expect.poll(stored).toEqual([]);
});

test('what one does oneself in another tab does not call', async ({ world }) => {
  await recordCues(world.chrome.context);
  world.site.configure({ url: `${world.gateway.url}/?user=ann`, user: 'ann' });
  const leading = await world.open('/');
  await expectState(leading, 'Connected');
  const id = await world.gateway.publishIncident('Checkout is down', 'critical');
  const other = await world.open(`/?incident=${id}`);
  await expectState(other, 'Connected');
  await other.bringToFront();
  // A page in the background looks at its board late: what calls after the movement is still unseen.
  await expect(leading).toHaveTitle('(1) Critical: Checkout is down · SentinelOps');
  await other.mouse.move(20, 20);
  await expect(leading, 'the person is here').toHaveTitle('SentinelOps');
  // The board is looked at a few times a second: this one may be confirmed before.
  await world.gateway.publishIncident('Other news', 'low');
  await other.getByTestId('action-take').press('Enter');
  await expect(other.getByTestId('incident-detail').getByTestId('incident-status')).toHaveText('Acknowledged');
  await other.getByTestId('action-escalate').press('Enter');
  await expect(leading.locator(`[data-incident-id="${id}"]`).getByTestId('incident-status')).toHaveText('Escalated');
  // Behind it, so that the change before it was looked at.
  await world.gateway.publishIncident('Disk full on db-7', 'critical');
  await expect(leading).toHaveTitle('(1) Critical: Disk full on db-7 · SentinelOps');
});

test('what calls is chosen in a dialog, by keyboard too, and kept; muted and quiet hours leave the badge', async ({ world }) => {
  await recordCues(world.chrome.context, 'default');
  const page = await world.open('/');
  await page.bringToFront();
  await expectState(page, 'Connected');
  await page.setViewportSize({ width: 360, height: 740 });
  expect(await page.evaluate(() => document.documentElement.scrollWidth), 'nothing beside a narrow screen').toBeLessThanOrEqual(360);
  await page.getByTestId('attention-open').focus();
  await page.keyboard.press('Enter');
  expect((await cuesOf(page)).asked, 'only a button asks').toBe(0);
  await page.getByTestId('attention-allow').press('Enter');
  await expect(page.getByTestId('attention-permission')).toContainText('shows notifications');
  await expect(page.getByTestId('attention-allow')).toHaveCount(0);
  const sound = page.locator('[data-testid=attention-way][data-severity=high][data-way=Sound]');
  await sound.press('Space');
  await expect(sound).toBeChecked();
  await page.getByTestId('attention-quiet').press('Space');
  await expect(page.getByTestId('attention-quiet-from')).toHaveValue('22:00');
  for (const scheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme: scheme });
    expect(await violations(page), scheme).toEqual([]);
  }
  await page.getByTestId('attention-quiet').press('Space');
  await page.getByTestId('attention-mute').press('Enter');
  await page.keyboard.press('Escape');
  await expect(page.getByTestId('attention-dialog')).toHaveCount(0);
  await expect(page.getByTestId('attention-open')).toHaveAttribute('aria-label', /^Notifications: Muted for (60|59) min$/);
  expect(await violations(page)).toEqual([]);

  await page.reload();
  await expectState(page, 'Connected');
  await expect(page.getByTestId('incident-row').first()).toBeVisible();
  await world.gateway.publishIncident('Muted', 'high');
  await expect(page).toHaveTitle('(1) High: Muted · SentinelOps');
  await page.getByTestId('attention-open').press('Enter');
  await page.getByTestId('attention-mute').press('Enter');
  await page.keyboard.press('Escape');
  await world.gateway.publishIncident('Heard', 'high');
  await expect.poll(async () => (await cuesOf(page)).tones, 'of the second one only').toEqual([587, 740]);
});
