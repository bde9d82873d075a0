// When things happened: the timeline of an incident with messages and own changes that wait, as Markdown, in any zone.
import type { Page } from '@playwright/test';
import { violations } from '../lib/axe';
import { expect, expectState, test } from '../lib/fixtures';

test.use({ gatewayOptions: { args: ['--rate', '0', '--seed', '5'] } });

const WIDTHS = [['light', 1440], ['dark', 1440], ['dark', 360], ['light', 360]] as const;

/** The lines of the open timeline, newest first. */
const lines = (page: Page) => page.getByTestId('timeline').locator('li');

async function openTimeline(page: Page): Promise<void> {
  await page.getByTestId('timeline').locator('summary').press('Enter');
  await expect(lines(page).first()).toBeVisible();
}

test('the timeline holds changes, messages and own changes that wait, and saves them as Markdown', async ({ world }) => {
  const id = await world.gateway.publishIncident('Checkout is *down*', 'critical');
  world.site.configure({ url: `${world.proxy.url}/?user=ann`, user: 'ann' });
  const page = await world.open(`/?incident=${id}`);
  await page.setViewportSize({ width: 1440, height: 900 });
  await expectState(page, 'Connected');
  await openTimeline(page);
  await expect(lines(page).last()).toHaveText(/^\d\d:\d\d:\d\d.* created it, status new, severity critical$/);
  // Without a field that has the focus.
  await page.locator('#main').press('a');
  await expect(lines(page).nth(1)).toHaveText(/^\d\d:\d\d:\d\dann status acknowledged$/);
  await page.keyboard.press('c');
  await page.keyboard.type('looking at it');
  await page.keyboard.press('Enter');
  await expect(lines(page).nth(1)).toHaveText(/^\d\d:\d\d:\d\dYou: looking at it$/);

  world.proxy.cut();
  await expectState(page, 'Reconnecting');
  await page.getByTestId('action-escalate').press('Enter');
  await expect(lines(page).first()).toContainText(`You Escalate ${id}`);
  await expect(lines(page).first().getByTestId('message-state')).toBeVisible();
  for (const [theme, width] of WIDTHS) {
    await page.emulateMedia({ colorScheme: theme });
    await page.setViewportSize({ width, height: 1400 });
    expect(await violations(page), `${theme}, ${width} px`).toEqual([]);
    await page.screenshot({ path: test.info().outputPath(`timeline-${theme}-${width}.png`) });
  }
  await page.setViewportSize({ width: 1440, height: 900 });
  const count = await lines(page).count();
  world.proxy.restore();
  await expect(lines(page).nth(1)).toHaveText(/^\d\d:\d\d:\d\dann status escalated$/, { timeout: 30_000 });
  expect(await lines(page).count(), 'it took its place: under the day, which now stands above it').toBe(count);

  await page.evaluate(() => {
    const real = URL.createObjectURL.bind(URL);
    URL.createObjectURL = (blob: Blob) => {
      void blob.text().then((text) => Object.assign(window, { saved: text }));
      return real(blob);
    };
  });
  await page.getByTestId('timeline-export').press('Enter');
  const saved = () => page.evaluate(() => (window as unknown as { saved?: string }).saved ?? '');
  await expect.poll(saved).not.toBe('');
  const text = await saved();
  expect(text).toContain(`# ${id}: Checkout is \\*down\\*\n\n- Severity: Critical\n- Status: Escalated\n`);
  expect(text).toMatch(/created it, status new, severity critical\n- .*\*\*ann\*\* status acknowledged\n- .*\*\*You\*\*:\n  > looking at it\n- .*\*\*ann\*\* status escalated\n$/);
});

test('a browser that was never here shows what happened; z switches to UTC in every tab, and a reload keeps it', async ({ world }) => {
  const id = await world.gateway.publishIncident('Checkout is down', 'critical');
  world.site.configure({ url: `${world.gateway.url}/?user=ann`, user: 'ann' });
  const page = await world.open(`/?incident=${id}`);
  await expectState(page, 'Connected');
  await page.locator('#main').press('a');
  await openTimeline(page);
  await expect(lines(page).nth(1)).toContainText('status acknowledged');
  const other = await world.chrome.browser.newContext({ timezoneId: 'Asia/Kolkata' });
  try {
    const far = await other.newPage();
    await far.goto(world.site.url(`/?incident=${id}`));
    await expectState(far, 'Connected');
    await openTimeline(far);
    await expect(lines(far).nth(1)).toContainText('status acknowledged');
    const time = lines(far).nth(1).locator('time');
    const machine = (await time.getAttribute('datetime'))!;
    expect(machine).toMatch(/^\d{4}-\d\d-\d\dT[\d:]+\.\d{3}Z$/);
    const [utc, kolkata] = [0, 5.5].map((hours) => new Date(Date.parse(machine) + hours * 3_600_000).toISOString().slice(11, 19));
    await expect(time).toHaveText(kolkata!);
    await expect(time).toHaveAttribute('title', new RegExp(`${kolkata} GMT\\+5:30$`));
    await expect(far.getByTestId('zone')).toContainText('GMT+5:30');
    const second = await other.newPage();
    await second.goto(world.site.url(`/?incident=${id}`));
    await expectState(second, 'Connected');
    await openTimeline(second);
    await far.bringToFront();
    await far.locator('#main').press('z');
    for (const tab of [far, second]) {
      await expect(lines(tab).nth(1).locator('time')).toHaveText(utc!);
      await expect(tab.getByTestId('zone')).toContainText('UTC');
    }
    await far.reload();
    await openTimeline(far);
    await expect(lines(far).nth(1).locator('time')).toHaveAttribute('title', new RegExp(`${utc} UTC$`));
    await far.getByTestId('zone').press('Enter');
    await expect(lines(far).nth(1).locator('time')).toHaveText(kolkata!);
  } finally {
    await other.close();
  }
});

test('the timeline shows what is chosen, and marks what others did since one looked', async ({ world }) => {
  const id = await world.gateway.publishIncident('Checkout is down', 'critical');
  world.site.configure({ url: `${world.gateway.url}/?user=ann`, user: 'ann' });
  const page = await world.open(`/?incident=${id}`);
  await page.setViewportSize({ width: 1440, height: 900 });
  await expectState(page, 'Connected');
  await openTimeline(page);
  await page.locator('#main').press('m');
  await expect(lines(page).nth(1)).toContainText('assigned to ann');
  await page.keyboard.press('c');
  await page.keyboard.type('looking at it');
  await page.keyboard.press('Enter');
  await expect(lines(page).nth(1)).toContainText('You: looking at it');
  const kind = (name: string) => page.getByTestId('timeline-kind').filter({ hasText: name });
  await kind('People').press('Space');
  await expect(lines(page).locator('b')).toHaveCount(1);
  await expect(lines(page).last()).toContainText('status acknowledged, assigned to ann');
  await kind('Messages').press('Space');
  await expect(lines(page).locator('b')).toHaveCount(2);
  await kind('People').press('Space');
  await expect(lines(page).last()).toContainText('looking at it');
  await kind('Messages').press('Space');
  await kind('Alerts').press('Space');
  await expect(page.getByTestId('timeline')).toContainText('Nothing of that happened.');
  await kind('Alerts').press('Space');
  await expect(lines(page).locator('b')).toHaveCount(3);
  await expect(page.getByTestId('timeline-new'), 'nobody else did anything').toHaveCount(0);

  await page.getByTestId('detail-close').press('Enter');
  const other = await world.chrome.browser.newContext();
  try {
    world.site.configure({ url: `${world.gateway.url}/?user=bob`, user: 'bob' });
    const bob = await other.newPage();
    await bob.goto(world.site.url(`/?incident=${id}`));
    await expectState(bob, 'Connected');
    await bob.locator('#main').press('i');
    await bob.keyboard.press('c');
    await bob.keyboard.type('found it');
    await bob.keyboard.press('Enter');
    await expect(bob.getByTestId('chat-message').last()).toContainText('Delivered');
  } finally {
    await other.close();
  }
  world.site.configure({ url: `${world.gateway.url}/?user=ann`, user: 'ann' });
  await page.bringToFront();
  await page.locator(`[data-incident-id="${id}"] > button`).press('Enter');
  await expect(page.getByTestId('timeline-count')).toHaveText('2 new');
  await openTimeline(page);
  await expect(lines(page).nth(1)).toContainText('found it');
  await expect(lines(page).nth(2)).toContainText('bob status investigating');
  await expect(lines(page).nth(3)).toHaveText('New since you looked');
  await expect(lines(page).nth(4)).toContainText('looking at it');
  for (const [theme, width] of WIDTHS) {
    await page.emulateMedia({ colorScheme: theme });
    await page.setViewportSize({ width, height: 900 });
    expect(await violations(page), `${theme}, ${width} px`).toEqual([]);
    await page.screenshot({ path: test.info().outputPath(`new-${theme}-${width}.png`) });
  }
  await page.reload();
  await expect(page.getByTestId('timeline')).toContainText('Timeline');
  await openTimeline(page);
  await expect(lines(page).nth(1)).toContainText('found it');
  await expect(page.getByTestId('timeline-new'), 'it was seen').toHaveCount(0);

  const kept = () => page.evaluate(() => Object.keys(localStorage).filter((key) => key.startsWith('sentinelops.looked')));
  expect(await kept()).toEqual(['sentinelops.looked.ann']);
  await page.getByTestId('sign-out').press('Enter');
  await page.getByTestId('sign-out-wipe').press('Enter');
  await page.getByTestId('sign-out-delete').press('Enter');
  await expect(page.getByTestId('signed-out')).toBeVisible();
  expect(await kept(), 'with everything else').toEqual([]);
});

test('figures above the list: who waits for longest, how long it takes, open over 24 hours, each with its table', async ({ world }) => {
  const id = await world.gateway.publishIncident('Checkout is down', 'critical');
  world.site.configure({ url: `${world.proxy.url}/?user=ann`, user: 'ann' });
  const page = await world.open('/');
  await page.setViewportSize({ width: 1440, height: 900 });
  await expectState(page, 'Connected');
  const trend = page.getByTestId('trend');
  await expect(trend.getByTestId('trend-oldest')).toHaveText(/^\d+ (h \d+ )?min unacknowledged: inc-\d+$/);
  const open = Number(/^\d+/.exec(await page.getByTestId('incidents-panel').locator('.panel__count').innerText())![0]);
  await expect(trend.getByTestId('trend-plot')).toHaveText(new RegExp(`^Open incidents over 24 hours: ${open} now, \\d+ at most$`));
  await trend.getByTestId('trend-plot').press('Enter');
  const tables = page.getByTestId('trend-tables');
  // The newest hour stands first, and says what the list says.
  const newest = tables.locator('table').nth(1).locator('tbody tr').first().locator('td');
  const counts = (await newest.allInnerTexts()).map(Number);
  expect(counts.reduce((sum, count) => sum + count, 0)).toBe(open);
  expect(counts[0]).toBe(1);
  expect(await tables.locator('table').nth(1).locator('tbody tr').count()).toBe(24);
  await expect(tables.locator('table').first()).toContainText(/To acknowledge.*median .*, p90 .*, of \d+/);
  for (const [theme, width] of WIDTHS) {
    await page.emulateMedia({ colorScheme: theme });
    await page.setViewportSize({ width, height: 900 });
    expect(await violations(page), `${theme}, ${width} px`).toEqual([]);
    await page.screenshot({ path: test.info().outputPath(`trend-${theme}-${width}.png`) });
  }
  await trend.getByTestId('trend-plot').press('Enter');
  await expect(tables).toHaveCount(0);
  await page.setViewportSize({ width: 360, height: 780 });
  await page.screenshot({ path: test.info().outputPath('trend-phone.png') });
  await page.setViewportSize({ width: 1440, height: 900 });
  await page.screenshot({ path: test.info().outputPath('trend-wide.png') });
  // What is resolved leaves plot and table at once, not with the next figures.
  await page.locator(`[data-incident-id="${id}"] > button`).press('Shift+R');
  await expect(trend.getByTestId('trend-plot')).toHaveText(new RegExp(`: ${open - 1} now`));
  await trend.getByTestId('trend-oldest').press('Enter');
  await expect(page.getByTestId('incident-detail')).toBeVisible();
});

test.describe('a server that counts nothing', () => {
  test.use({ gatewayOptions: { args: ['--mock'] } });

  test('has no figures above the list', async ({ world }) => {
    const page = await world.open('/');
    await expectState(page, 'Connected');
    await expect(page.getByTestId('incident-row')).toHaveCount(1);
    await expect(page.getByTestId('trend')).toHaveCount(0);
  });
});
