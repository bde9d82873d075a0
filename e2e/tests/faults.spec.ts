// Real faults under a real browser. Deadlines are the behaviour promised in docs/architecture.md.
import { expect, expectState, test, type World } from '../lib/fixtures';
import { expectExactlyOnce, startSending } from '../lib/lab';

test.use({ gatewayOptions: { args: ['--rate', '2', '--seed', '3'] } });
test.setTimeout(120_000);

async function lab(world: World) {
  const page = await world.open('/lab');
  await expectState(page, 'Connected');
  return page;
}

/** Ms until the browser has dialled again. */
async function untilRedial(world: World, accepted: number): Promise<number> {
  const start = Date.now();
  await expect.poll(() => world.proxy.accepted, { timeout: 20_000, intervals: [50] }).toBeGreaterThan(accepted);
  return Date.now() - start;
}

test('zombie socket while sending every 100 ms: noticed within 8 s, 200 sends exactly once', async ({ world }) => {
  const page = await lab(world);
  await startSending(page, 200, 100);
  await expect.poll(async () => (await world.gateway.stats()).accepted, { intervals: [100] }).toBeGreaterThan(20);
  const accepted = world.proxy.accepted;
  world.proxy.zombie();
  const noticed = await untilRedial(world, accepted);
  test.info().annotations.push({ type: 'measured', description: `zombie noticed after ${noticed} ms` });
  expect(noticed).toBeLessThan(8_000);
  await expectExactlyOnce(page, world.gateway, 200);
});

test('acks lost for 3 s, then a reset: 200 sends exactly once', async ({ world }) => {
  const page = await lab(world);
  await startSending(page, 200, 50);
  await expect.poll(async () => (await world.gateway.stats()).accepted, { intervals: [100] }).toBeGreaterThan(20);
  world.proxy.loseAnswers();
  const before = (await world.gateway.stats()).accepted;
  // The server goes on accepting what it answers in vain.
  await expect.poll(async () => (await world.gateway.stats()).accepted, { intervals: [50] }).toBeGreaterThan(before + 15);
  world.proxy.reset();
  await expectExactlyOnce(page, world.gateway, 200);
});

test('link cut for 3 s: 200 sends exactly once', async ({ world }) => {
  const page = await lab(world);
  await startSending(page, 200, 50);
  await expect.poll(async () => (await world.gateway.stats()).accepted, { intervals: [100] }).toBeGreaterThan(20);
  world.proxy.cut();
  await expectState(page, 'Reconnecting');
  await new Promise((resolve) => setTimeout(resolve, 3_000)); // the cut itself lasts three seconds
  world.proxy.restore();
  await expectState(page, 'Connected', 35_000);
  await expectExactlyOnce(page, world.gateway, 200);
});

test('slow link, 1 Mbit/s and 800 ms round trip: not killed in 2 minutes', async ({ world }) => {
  test.setTimeout(200_000);
  world.proxy.slow(125_000, 400);
  const page = await lab(world);
  const accepted = world.proxy.accepted;
  await startSending(page, 100, 1_000);
  const end = Date.now() + 120_000;
  await expect
    .poll(() => (world.proxy.accepted > accepted ? 'killed' : Date.now() > end ? 'alive' : 'waiting'), {
      timeout: 130_000,
      intervals: [500],
    })
    .not.toBe('waiting');
  expect(world.proxy.accepted).toBe(accepted);
  await expectExactlyOnce(page, world.gateway, 100);
});

test('frozen for 5 s, then resumed: usable within 3 s', async ({ world }) => {
  const page = await lab(world);
  // Browsers freeze hidden tabs; a person comes back to a visible one.
  const other = await world.chrome.context.newPage();
  const session = await world.chrome.context.newCDPSession(page);
  await session.send('Page.setWebLifecycleState', { state: 'frozen' });
  await new Promise((resolve) => setTimeout(resolve, 5_000)); // the freeze itself
  await session.send('Page.setWebLifecycleState', { state: 'active' });
  await other.close();
  await page.bringToFront();
  const woke = Date.now();
  const fresh = await world.gateway.publishIncident('After the freeze', 'critical');
  await expect(page.locator(`[data-incident-id="${fresh}"]`).first()).toBeVisible({ timeout: 3_000 });
  test.info().annotations.push({ type: 'measured', description: `usable ${Date.now() - woke} ms after resume` });
  await startSending(page, 5, 10);
  await expectExactlyOnce(page, world.gateway, 5);
});

test('zombie found on waking: noticed within 2.5 s', async ({ world }) => {
  const page = await lab(world);
  const other = await world.chrome.context.newPage();
  const accepted = world.proxy.accepted;
  // In the page's own time, from the moment it is visible to the moment it says so.
  await page.evaluate(() => {
    const times: { woke?: number; noticed?: number } = {};
    Object.assign(window, { times });
    document.addEventListener('visibilitychange', () => {
      if (!document.hidden) times.woke = performance.now();
    });
    const state = document.querySelector('[data-testid=connection-state]')!;
    new MutationObserver(() => {
      if (!state.textContent!.includes('Connected')) times.noticed ??= performance.now();
    }).observe(state, { childList: true, subtree: true, characterData: true });
  });
  world.proxy.zombie();
  await other.close();
  await page.bringToFront();
  await untilRedial(world, accepted);
  const noticed = () =>
    page.evaluate(() => {
      const { times } = window as unknown as { times: { woke: number; noticed: number } };
      return times.noticed - times.woke;
    });
  await expect.poll(noticed).toBeGreaterThan(0);
  const took = Math.round(await noticed());
  test.info().annotations.push({ type: 'measured', description: `zombie noticed ${took} ms after waking` });
  expect(took).toBeLessThan(2_500);
  await expectState(page, 'Connected');
});

test('into the bfcache and back: usable within 3 s, the socket was closed meanwhile', async ({ world }) => {
  const page = await lab(world);
  await page.goto(world.site.url('/elsewhere.txt'));
  await expect.poll(async () => (await world.gateway.stats()).connections).toBe(0);
  await page.goBack({ waitUntil: 'commit' });
  const fresh = await world.gateway.publishIncident('After the bfcache', 'critical');
  await expect(page.locator(`[data-incident-id="${fresh}"]`).first()).toBeVisible({ timeout: 3_000 });
  await startSending(page, 5, 10);
  await expectExactlyOnce(page, world.gateway, 5);
});

// What the close-code table promises, seen from outside.
const CODES: [number, 'Connected' | 'Error'][] = [
  [1001, 'Connected'],
  [1011, 'Connected'],
  [1012, 'Connected'],
  [4408, 'Connected'],
  [1002, 'Error'],
  [1003, 'Error'],
  [1007, 'Error'],
  [1008, 'Error'],
  [4400, 'Error'],
  [4403, 'Error'],
  [4404, 'Error'],
  [4409, 'Error'],
];
for (const [code, state] of CODES) {
  test(`server closes with ${code}: ${state}`, async ({ world }) => {
    const page = await lab(world);
    const accepted = world.proxy.accepted;
    await world.gateway.close(code, `because ${code}`);
    if (state === 'Error') {
      await expectState(page, 'Error');
      await expect(page.getByText(`because ${code}`).first()).toBeVisible();
      expect(world.proxy.accepted).toBe(accepted);
    } else {
      await untilRedial(world, accepted);
      await expectState(page, 'Connected', 35_000);
    }
  });
}

for (const code of [1013, 4429]) {
  test(`server closes with ${code}: the slow lane, and "try now" leaves it`, async ({ world }) => {
    const page = await lab(world);
    const accepted = world.proxy.accepted;
    await world.gateway.close(code);
    await expectState(page, 'Reconnecting');
    await page.getByRole('button', { name: /try now/i }).first().click();
    await untilRedial(world, accepted);
    await expectState(page, 'Connected');
  });
}
