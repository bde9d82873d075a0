// The inspector of the demo page: messages and frames row by row, the life of a message, contents, the tabs of the browser.
import { violationsAtTop } from '../lib/axe';
import { expect, expectState, test } from '../lib/fixtures';
import { type Page } from '@playwright/test';

test.use({ gatewayOptions: { args: ['--rate', '20', '--seed', '11'] } });
test.setTimeout(150_000);

const panel = (page: Page) => page.getByTestId('inspector-panel');
const rows = (page: Page) => panel(page).getByTestId('inspector-row');
const list = (page: Page, name: string) => page.locator(`[data-testid=inspector-list][value=${name}]`);
const filter = (page: Page, text: string) => panel(page).getByTestId('inspector-filter').fill(text);
const cell = (page: Page, name: string) => rows(page).first().locator(`[data-cell=${name}]`);

async function say(page: Page, text: string): Promise<void> {
  const chat = page.getByTestId('chat-panel');
  await chat.getByTestId('chat-input').fill(text);
  await chat.getByTestId('chat-send').click();
}

test('messages of the page: an own one is followed from saving to shown, and its life is a waterfall', async ({ world }) => {
  const page = await world.open('/realtime-demo');
  await expectState(page, 'Connected');
  await list(page, 'messages').check();
  await filter(page, 'in incident');
  await expect(cell(page, 'seq')).toHaveText(/^\d+$/);
  await expect(cell(page, 'bytes')).toHaveText(/^\d+$/);
  await expect(cell(page, 'state')).toHaveText('received');

  world.proxy.cut();
  await expectState(page, 'Reconnecting');
  await filter(page, 'out chat.message');
  await say(page, 'for the inspector');
  await expect(rows(page)).toHaveCount(1);
  const step = (name: string) => panel(page).locator(`[data-testid=inspector-step][data-step=${name}]`);
  await expect(step('saved')).toContainText(/\+\d+ ms/);
  await expect(step('acked')).toContainText('–');
  world.proxy.restore();
  await expectState(page, 'Connected', 35_000);
  await expect(cell(page, 'state')).toHaveText(/delivered/i);
  for (const name of ['saved', 'sent', 'acked', 'shown']) {
    await expect(step(name)).toContainText(/\+\d+ ms/);
    await expect(step(name).locator('path')).toHaveAttribute('d', /^M/);
  }
  const id = await rows(page).first().getAttribute('data-message-id');
  await rows(page).first().click();
  await expect(panel(page).getByTestId('inspector-life')).toHaveAttribute('data-message-id', id!);
  await expect(panel(page).getByTestId('inspector-contents')).toHaveCount(0);
  expect(await panel(page).textContent()).not.toContain('for the inspector');
});

test('frames on the socket: both ways, what a fault does to them; pause, filter and selection by keys', async ({ world }) => {
  const page = await world.open('/realtime-demo');
  await expectState(page, 'Connected');
  await filter(page, 'out ping');
  await expect(cell(page, 'channel')).toHaveText('system', { timeout: 30_000 });
  await filter(page, 'out chat.message');
  await say(page, 'passes');
  await expect(cell(page, 'state')).toHaveText('passed');
  await filter(page, 'in ack');
  await expect(cell(page, 'state')).toHaveText('passed');

  await page.locator('[data-testid=break-duration][value="0"]').check();
  await page.locator('[data-fault="Lost acks"]').click();
  await expect(page.locator('[data-fault="Lost acks"]')).toHaveAttribute('aria-pressed', 'true');
  await filter(page, 'in ack lost');
  await say(page, 'is confirmed, and nobody gets to know');
  await expect(rows(page)).not.toHaveCount(0);
  await page.getByTestId('break-reset').click();

  // What is paused stays as it is, whatever arrives.
  await filter(page, 'in');
  await panel(page).getByTestId('inspector-pause').click();
  const table = panel(page).getByTestId('inspector-table');
  const first = await rows(page).first().getAttribute('id');
  const when = page.getByTestId('plots-when');
  for (let second = 0; second < 2; second += 1) {
    const before = await when.textContent();
    await expect(when).not.toHaveText(before!);
  }
  expect(await rows(page).first().getAttribute('id')).toBe(first);
  await table.focus();
  for (let n = 0; n < 4; n += 1) await page.keyboard.press('ArrowDown');
  const selected = panel(page).locator('[aria-selected=true]');
  await expect(selected).toHaveAttribute('aria-rowindex', '5');
  await expect(table).toHaveAttribute('aria-activedescendant', (await selected.getAttribute('id'))!);
  // Only rows near the visible ones are there, and End reaches the last of all.
  expect(await rows(page).count()).toBeLessThan(80);
  await page.keyboard.press('End');
  await expect(selected).toHaveAttribute('aria-rowindex', (await table.getAttribute('aria-rowcount'))!);
  await expect(selected).toBeInViewport();
  await page.evaluate(() => window.scrollTo(0, 0));
  expect(await violationsAtTop(page)).toEqual([]);
  await page.setViewportSize({ width: 360, height: 740 });
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(360);
  expect(await violationsAtTop(page)).toEqual([]);
});

test.describe('with debugContents', () => {
  test.use({ config: { debugContents: true } });

  test('contents of what is sent and received are shown', async ({ world }) => {
    const page = await world.open('/realtime-demo');
    await expectState(page, 'Connected');
    await filter(page, 'out chat.message');
    await say(page, 'words for the inspector');
    await rows(page).first().click();
    await expect(panel(page).getByTestId('inspector-contents')).toContainText('words for the inspector');
    await panel(page).getByTestId('inspector-pause').click();
    await list(page, 'messages').check();
    await filter(page, 'out chat.message');
    await rows(page).first().click();
    await expect(panel(page).getByTestId('inspector-contents')).toContainText('words for the inspector');
  });
});

test('the tabs: which one leads, and who leads when it is gone', async ({ world }) => {
  const first = await world.open('/realtime-demo');
  await expectState(first, 'Connected');
  const second = await world.open('/realtime-demo');
  await expectState(second, 'Connected');
  const tabs = (page: Page) => panel(page).getByTestId('inspector-tab');
  const map = (page: Page) => tabs(page).evaluateAll((all) => all.map((tab) => `${tab.dataset.role} ${tab.dataset.this}`));
  for (const [page, expected] of [
    [first, ['leader true', 'follower false']],
    [second, ['leader false', 'follower true']],
  ] as const) {
    await expect.poll(() => map(page)).toEqual(expected);
  }
  // Frames pass through the leader, and a follower is shown them, too.
  await filter(second, 'out chat.message');
  await say(second, 'through the leader');
  await expect(rows(second)).toHaveCount(1);
  await first.close();
  await expect.poll(() => map(second), { timeout: 15_000 }).toEqual(['leader true']);
});
