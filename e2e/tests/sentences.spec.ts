// Everything the gateway refuses is on the page as a sentence that says what happened and what to do.
import type { Page } from '@playwright/test';
import { WebSocket } from 'ws';
import { banner } from '../lib/banners';
import { expect, expectState, test, type World } from '../lib/fixtures';

test.use({ gatewayOptions: { args: ['--rate', '0', '--seed', '7'], stores: false } });

/** Code, reason, state afterwards, what the banner says. */
const CLOSES: [number, string, string, RegExp][] = [
  [1002, 'Received an unmasked frame from client', 'Error', /unmasked frame from client \(code 1002\)\. Reload the page/],
  [1007, 'text that is not UTF-8', 'Error', /not UTF-8 \(code 1007\)\. Reload the page/],
  [1013, 'retry after 600 s; the keys cannot be fetched', 'Reconnecting', /is busy: the keys cannot be fetched\. It goes on by itself/],
  [4400, 'the first message must be hello', 'Error', /must be hello \(code 4400\)\. Reload the page/],
  [4401, 'the token has expired: sign in again', 'Error', /Sign in to continue\./],
  [4403, 'pages of https://x may not connect: see --origin of the gateway', 'Error', /pages of https:\/\/x may not connect.*Ask the operator of the server.*--origin/],
  [4404, '', 'Error', /no such endpoint \(code 4404\)\. Check the url/],
  [4409, '', 'Error', /a conflict that retrying cannot mend \(code 4409\)\. Reload/],
  [4410, 'a newer leader of this session is connected', 'Error', /Another tab holds the connection now\. Go on there/],
  [4429, 'retry after 600 s; more than 10 connections of this user', 'Reconnecting', /takes no more for now: more than 10 connections of this user\. .*by itself/],
];

/** What the banners say, as a person reads it. */
async function shownText(page: Page): Promise<string> {
  return (await page.locator('[data-testid=banner]').allInnerTexts()).join(' ').replace(/[`\s]+/g, ' ');
}

async function closeAndRead(world: World, page: Page, [code, reason, state, words]: (typeof CLOSES)[number]): Promise<void> {
  await world.gateway.close(code, reason);
  await expectState(page, state);
  await expect.poll(() => shownText(page), `the sentence for ${code}`).toMatch(words);
}

test('each close after which the client stops is a sentence that helps, and there is a way on', async ({ world }) => {
  const page = await world.open('/');
  await expectState(page, 'Connected');
  for (const close of CLOSES.filter(([, , state]) => state === 'Error')) {
    await test.step(`a close with ${close[0]}`, async () => {
      await closeAndRead(world, page, close);
      await page.locator('[data-testid=banner]').getByRole('button', { name: 'Try now' }).click();
      await expectState(page, 'Connected');
      await expect(banner(page, 'connection')).toHaveCount(0);
    });
  }
});

for (const close of CLOSES.filter(([, , state]) => state !== 'Error')) {
  test(`a close with ${close[0]} is a sentence that helps`, async ({ world }) => {
    const page = await world.open('/');
    await expectState(page, 'Connected');
    await closeAndRead(world, page, close);
  });
}

/** What is over before a banner would show: the last error, for as long as the next connection is young. */
const BRIEF: [number, string, RegExp][] = [
  [1009, '70000 bytes; at most 65536 are allowed', /1009: a message was too big for the server \(70000 bytes; at most 65536 are allowed\)/],
  [4408, 'nothing received for 75 s', /4408: this client took messages too slowly or was silent \(nothing received for 75 s\)/],
];

for (const [code, reason, words] of BRIEF) {
  test(`a close with ${code} is named although it is over at once`, async ({ world }) => {
    const page = await world.open('/realtime-demo');
    await expectState(page, 'Connected');
    await world.gateway.close(code, reason);
    await expect(page.getByTestId('connection-error')).toContainText(words);
    await expectState(page, 'Connected');
  });
}

test.describe('a server that is full', () => {
  test.use({ gatewayOptions: { args: ['--rate', '0', '--seed', '7', '--max-connections', '1'] } });

  test('one connection too many is shown that, and that it comes back by itself', async ({ world }) => {
    const other = new WebSocket(world.gateway.url);
    await new Promise((resolve, reject) => {
      other.on('open', resolve);
      other.on('error', reject);
    });
    const page = await world.open('/');
    await expectState(page, 'Reconnecting');
    await expect.poll(() => shownText(page)).toMatch(/takes no more for now: 1 connections are open, the most allowed\. It goes on by itself/);
    other.close();
    await banner(page, 'connection').getByRole('button', { name: 'Try now' }).click();
    await expectState(page, 'Connected');
  });
});

test('a page of an origin that is not listed is shown which one and where it is listed', async ({ world }) => {
  const page = await world.chrome.context.newPage();
  await page.goto(world.site.url('/', 'other.test'));
  await expectState(page, 'Error');
  await expect.poll(() => shownText(page)).toMatch(/pages of http:\/\/other\.test:\d+ may not connect.*--origin/);
});
