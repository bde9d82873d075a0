// Debug mode and flight recorder: what is written where, and what never is.
import { type Page } from '@playwright/test';
import { expect, expectState, test, type World } from '../lib/fixtures';
import { violations } from '../lib/axe';
import { expectExactlyOnce, startSending } from '../lib/lab';

test.use({ gatewayOptions: { args: ['--rate', '2', '--seed', '11'] } });

const TOKEN = 's3cret-token';

/** Lines of our own on the console. */
const ours = (world: World) => world.console.filter((line) => line.includes('[sentinelops]'));

async function logged(world: World, line: RegExp): Promise<void> {
  await expect.poll(() => ours(world).some((known) => line.test(known)), { message: `no line ${line}` }).toBe(true);
}

test('debug: readable lines for states, sends, receipts, reconnects and errors; no token, no content', async ({ world }) => {
  world.site.configure({ url: world.proxy.url, debug: true, token: TOKEN, options: { tokenIn: 'frame' } });
  const page = await world.open('/lab');
  await expectState(page, 'Connected');
  await startSending(page, 3, 0);
  await expectExactlyOnce(page, world.gateway, 3);
  world.proxy.cut();
  await expectState(page, 'Reconnecting');
  world.proxy.restore();
  await expectState(page, 'Connected', 35_000);
  await logged(world, /Connecting -> Connected/);
  await logged(world, /Connected -> Reconnecting/);
  await logged(world, /send \w{26}: chat\.message on chat/);
  await logged(world, /\w{26}: delivered/);
  await logged(world, /incidents: \d+ events|incidents: the state of \d+ things/);
  await logged(world, /attempt \d+ in \d+ ms/);
  await logged(world, /error: .*connection/i);
  const all = world.console.join('\n');
  expect(all).not.toContain(TOKEN);
  // What the lab sends, and what stands in incidents.
  expect(all).not.toMatch(/lab [123]\b/);
  const title = (await page.getByTestId('incident-row').first().textContent()) ?? '';
  expect(title.length).toBeGreaterThan(0);
  expect(all).not.toContain(title);
});

test('without debug nothing of it is on the console', async ({ world }) => {
  const page = await world.open('/lab');
  await expectState(page, 'Connected');
  await startSending(page, 1, 0);
  await expectExactlyOnce(page, world.gateway, 1);
  expect(ours(world)).toEqual([]);
});

async function exported(page: Page): Promise<Record<string, any>> {
  await page.getByTestId('diagnostics-export').click();
  await expect.poll(() => page.evaluate(() => (window as any).saved as string | undefined)).toBeTruthy();
  return JSON.parse(await page.evaluate(() => (window as any).saved as string));
}

test('an outage that nobody watched is in the flight recorder afterwards', async ({ world }) => {
  const page = await world.open('/');
  await expectState(page, 'Connected');
  world.proxy.cut();
  await expectState(page, 'Reconnecting');
  world.proxy.restore();
  await expectState(page, 'Connected', 35_000);
  await page.getByTestId('connection-open').click();
  const log = page.getByTestId('diagnostics-log');
  await expect(log).toContainText(/attempt 1 in \d+ ms/);
  await expect(log).toContainText('worker: Connected -> Reconnecting');
  await expect(log).toContainText('worker: Reconnecting -> Connected');
  expect(await violations(page)).toEqual([]);
});

test('the flight recorder: the way of a message step by step, on the panel and in the export', async ({ world }) => {
  world.site.configure({ url: world.proxy.url, token: TOKEN, options: { tokenIn: 'frame' } });
  const page = await world.chrome.context.newPage();
  await page.addInitScript(() => {
    const real = URL.createObjectURL.bind(URL);
    URL.createObjectURL = (blob: Blob) => {
      void blob.text().then((text) => Object.assign(window, { saved: text }));
      return real(blob);
    };
  });
  await page.goto(world.site.url('/realtime-demo'));
  await expectState(page, 'Connected');
  // Without a connection first: a message that is answered at once may need no saving.
  world.proxy.cut();
  await expectState(page, 'Reconnecting');
  const chat = page.getByTestId('chat-panel');
  await chat.getByTestId('chat-input').fill('for nobody else');
  await chat.getByTestId('chat-send').click();
  const row = page.getByTestId('diagnostics-trace').filter({ hasText: 'chat.message' }).first();
  const step = (n: number) => row.locator('td').nth(n);
  await expect(step(1)).toHaveText(/\d/);
  await expect(step(2)).toHaveText(/^\+\d+ ms$/);
  await expect(step(3)).toHaveText('–');
  world.proxy.restore();
  await expectState(page, 'Connected', 35_000);
  // Saved, sent, acked, rendered.
  for (const n of [2, 3, 4, 5]) await expect(step(n)).toHaveText(/^\+\d+ ms$/);
  await expect(step(6)).toHaveText(/delivered/i);
  await expect(page.getByTestId('diagnostics-log')).toContainText('Connected');
  await page.getByTestId('diagnostics-panel').scrollIntoViewIfNeeded();
  await page.getByTestId('diagnostics-panel').screenshot({ path: test.info().outputPath('diagnostics.png') });

  const file = await exported(page);
  const trace = file.messages.find((message: { type: string }) => message.type === 'chat.message');
  const steps = [trace.created, trace.saved, trace.sent, trace.acked, trace.rendered];
  expect(steps.every((at) => typeof at === 'number' && at > 1.7e12)).toBe(true);
  expect(trace.rendered).toBeGreaterThanOrEqual(trace.acked);
  expect(trace.acked).toBeGreaterThanOrEqual(trace.sent);
  expect(trace.sent).toBeGreaterThanOrEqual(trace.created);
  expect(file.records.some((record: { kind: string }) => record.kind === 'state')).toBe(true);
  expect(file.build).toMatch(/^[0-9a-f]{16}$/);
  const text = JSON.stringify(file);
  expect(text).not.toContain(TOKEN);
  expect(text).not.toContain('for nobody else');
});
