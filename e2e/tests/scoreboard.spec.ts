// The scoreboard of promises on the demo page: green through an outage, and red for each fault planted in the server.
import { type Page } from '@playwright/test';
import { violationsAtTop } from '../lib/axe';
import { expect, expectState, test } from '../lib/fixtures';
import { injectFault } from '../lib/lab';

test.use({ gatewayOptions: { args: ['--rate', '2', '--seed', '7'] } });

const figure = (page: Page, name: string) => page.getByTestId(`score-${name}`);

async function say(page: Page, text: string): Promise<void> {
  const chat = page.getByTestId('chat-panel');
  await chat.getByTestId('chat-input').fill(text);
  await chat.getByTestId('chat-send').click();
}

/** The laboratory's page, connected and counting. */
async function counting(page: Page): Promise<void> {
  await expectState(page, 'Connected');
  await expect(page.getByTestId('scoreboard-check')).toHaveAttribute('data-check', 'counted');
}

test('messages sent through an outage are applied exactly once, as the gateway counts', async ({ world }) => {
  const page = await world.open('/realtime-demo');
  await counting(page);
  const verdict = page.getByTestId('scoreboard-verdict');
  await expect(verdict).toContainText('Nothing sent yet');
  await say(page, 'before');
  await expect(figure(page, 'once')).toHaveText('1');
  world.proxy.cut();
  await expectState(page, 'Reconnecting');
  await say(page, 'meanwhile');
  await say(page, 'and once more');
  await expect(figure(page, 'open')).toHaveText('2');
  world.proxy.restore();
  await expectState(page, 'Connected', 35_000);
  await expect(figure(page, 'once')).toHaveText('3');
  for (const [name, value] of Object.entries({ sent: '3', delivered: '3', open: '0', lost: '0', doubled: '0', disordered: '0' })) {
    await expect(figure(page, name)).toHaveText(value);
  }
  await expect(verdict).toHaveAttribute('data-state', 'kept');
  await expect(verdict).toHaveText('Every promise kept');
  expect(await violationsAtTop(page)).toEqual([]);
});

for (const [fault, name, words] of [
  ['lose', 'lost', '1 lost'],
  ['double', 'doubled', '1 doubled'],
  ['swap', 'disordered', '1 out of order'],
] as const) {
  test(`a server that breaks its word (${fault}) turns it red`, async ({ world }) => {
    const page = await world.open('/lab');
    await expectState(page, 'Connected');
    const board = await world.open('/realtime-demo');
    await counting(board);
    const request = { type: 'lab.plant', id: 'lab-plant', channel: 'system', payload: { fault } };
    await injectFault(page, JSON.stringify(request));
    await expect(page.getByTestId('lab-answers')).toContainText('lab-plant');
    await say(board, 'first');
    await say(board, 'second');
    await expect(figure(board, name)).toHaveText('1');
    const verdict = board.getByTestId('scoreboard-verdict');
    await expect(verdict).toHaveAttribute('data-state', 'broken');
    await expect(verdict).toHaveText(`A promise is broken: ${words}`);
    expect(await violationsAtTop(board)).toEqual([]);
  });
}

test('the connection in the header leads to its panel: the page has each test id of it once', async ({ world }) => {
  const page = await world.open('/realtime-demo');
  await expectState(page, 'Connected');
  await page.getByTestId('connection-open').click();
  await expect(page.getByTestId('connection-panel')).toBeFocused();
  await expect(page.getByTestId('connection-panel')).toBeInViewport();
  for (const id of ['outbox-count', 'metrics', 'diagnostics-log']) await expect(page.getByTestId(id)).toHaveCount(1);
  await expect(page).toHaveURL(/\/realtime-demo#connection$/);
});
