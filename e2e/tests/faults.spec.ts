// Real faults under a real browser. Deadlines are the behaviour promised in docs/connection.md and docs/outbox.md.
import { banner } from '../lib/banners';
import type { Page } from '@playwright/test';
import { pause } from '../lib/checker';
import { expect, expectState, test, type World } from '../lib/fixtures';
import { expectExactlyOnce, labMessages, startSending } from '../lib/lab';
import { awayAndBack, freeze, recordOf } from '../lib/lifecycle';
import { FrameRelay } from '../lib/relay';

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
  const { accepted: before } = await world.gateway.stats();
  const muted = Date.now();
  world.proxy.loseAnswers();
  // The server goes on accepting what it answers in vain.
  await expect.poll(async () => (await world.gateway.stats()).accepted, { intervals: [50] }).toBeGreaterThan(before + 15);
  await pause(muted + 3_000 - Date.now()); // the loss itself lasts three seconds
  world.proxy.reset();
  await expectExactlyOnce(page, world.gateway, 200);
  // What it had no answer for was sent again, and known by its id.
  expect((await world.gateway.stats()).repeated).toBeGreaterThan(0);
});

test('link cut for 3 s: 200 sends exactly once', async ({ world }) => {
  const page = await lab(world);
  await startSending(page, 200, 50);
  await expect.poll(async () => (await world.gateway.stats()).accepted, { intervals: [100] }).toBeGreaterThan(20);
  world.proxy.cut();
  await expectState(page, 'Reconnecting');
  await pause(3_000); // the cut itself lasts three seconds
  world.proxy.restore();
  await expectState(page, 'Connected', 35_000);
  await expectExactlyOnce(page, world.gateway, 200);
});

test.describe('a slow link', () => {
  // More pings in 40 s than in two minutes of the default.
  test.use({ config: { options: { pingInterval: 5_000 } } });

  test('1 Mbit/s and 800 ms round trip: not killed in 40 s', { tag: '@waits' }, async ({ world }) => {
    world.proxy.slow(125_000, 400);
    const page = await lab(world);
    const accepted = world.proxy.accepted;
    await startSending(page, 100, 350);
    const end = Date.now() + 40_000;
    await expect
      .poll(() => (world.proxy.accepted > accepted ? 'killed' : Date.now() > end ? 'alive' : 'waiting'), {
        timeout: 50_000,
        intervals: [500],
      })
      .not.toBe('waiting');
    expect(world.proxy.accepted).toBe(accepted);
    await expectExactlyOnce(page, world.gateway, 100);
  });
});

/** When an incident was first seen on a page, in ms since the epoch: noted by the page itself. */
async function noteIncident(page: Page, title: string): Promise<() => Promise<number>> {
  await page.evaluate((title) => {
    const look = () => {
      const rows = Array.from(document.querySelectorAll('[data-testid=incident-row]'));
      const found = rows.some((row) => row.textContent!.includes(title));
      if (found) (window as unknown as { seenAt?: number }).seenAt ??= Date.now();
    };
    new MutationObserver(look).observe(document.body, { childList: true, subtree: true, characterData: true });
  }, title);
  return async () => {
    const at = () => page.evaluate(() => (window as unknown as { seenAt?: number }).seenAt ?? 0);
    await expect.poll(at, { timeout: 20_000 }).toBeGreaterThan(0);
    return at();
  };
}

test('frozen for 5 s, then resumed: usable within 3 s', async ({ world }) => {
  const page = await lab(world);
  // Browsers freeze hidden tabs; a person comes back to a visible one.
  const other = await world.chrome.context.newPage();
  const seen = await noteIncident(page, 'During the freeze');
  const thaw = await freeze(world, page);
  await pause(5_000); // the freeze itself
  await world.gateway.publishIncident('During the freeze', 'critical');
  await other.close();
  await page.bringToFront();
  const resumed = await thaw();
  await startSending(page, 5, 10);
  await expectUsable(world, page, await seen(), resumed);
});

/** What happened meanwhile was seen, and five sends had their end, soon after the page was back; in its own time. */
async function expectUsable(world: World, page: Page, seen: number, back: number): Promise<void> {
  test.info().annotations.push({ type: 'measured', description: `usable ${seen - back} ms after it was back` });
  expect(seen - back).toBeLessThan(3_000);
  await expectExactlyOnce(page, world.gateway, 5);
  const last = Math.max(...(await labMessages(page)).map(({ at, ackedMs }) => at + ackedMs!));
  expect(last - back, 'sends').toBeLessThan(3_000);
}

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
  const seen = await noteIncident(page, 'While in the bfcache');
  await awayAndBack(world, page, async () => {
    await expect.poll(async () => (await world.gateway.stats()).connections).toBe(0);
    await world.gateway.publishIncident('While in the bfcache', 'critical');
  });
  await startSending(page, 5, 10);
  await expectUsable(world, page, await seen(), (await recordOf(page)).shownAt);
});

// What the close-code table promises, seen from outside.
// Every code a close frame may carry that the table names (4401, 1013 and 4429 have tests of their own: auth in
// banners.spec.ts, the slow lane below), and unlisted ones.
const REDIAL = [1000, 1001, 1005, 1009, 1011, 1012, 1014, 4408, 3000, 4999];
const STOP = [1002, 1003, 1007, 1008, 1010, 4400, 4403, 4404, 4409];

test.describe('a client that redials soon', () => {
  // At most 200 ms until the next attempt, however many there were.
  test.use({ config: { options: { reconnectInterval: 100, maxReconnectInterval: 200, reconnectFloor: 50 } } });

  test('closes after which the server is dialled again', async ({ world }) => {
    const page = await lab(world);
    for (const code of REDIAL) {
      await test.step(`server closes with ${code}`, async () => {
        const accepted = world.proxy.accepted;
        await world.gateway.close(code, `because ${code}`);
        await untilRedial(world, accepted);
        await expectState(page, 'Connected', 35_000);
        expect((await world.gateway.stats()).connections).toBe(1);
      });
    }
  });

  test('closes that are an Error: the reason is shown, nothing is dialled until somebody asks', async ({ world }) => {
    const page = await lab(world);
    for (const code of STOP) {
      await test.step(`server closes with ${code}`, async () => {
        const accepted = world.proxy.accepted;
        await world.gateway.close(code, `because ${code}`);
        await expectState(page, 'Error');
        await expect(page.getByText(`because ${code}`).first()).toBeVisible();
        await stimulate(page);
        await pause(600); // three times as long as a redial would wait
        expect(world.proxy.accepted).toBe(accepted);
        await page.getByTestId('lab-connect').click();
        await expectState(page, 'Connected');
      });
    }
  });
});

/** Everything that makes a client that waits for a better moment dial. */
function stimulate(page: Page): Promise<void> {
  return page.evaluate(() => {
    for (const name of ['offline', 'online', 'focus']) window.dispatchEvent(new Event(name));
    document.dispatchEvent(new Event('visibilitychange'));
  });
}

test.describe('signs that something may have changed', () => {
  test.use({ config: { options: { reconnectInterval: 30_000, reconnectFloor: 30_000 } } });

  test('each that a browser gives ends the wait for the next attempt', async ({ world }) => {
    const signs = [
      ['window', 'online'],
      ['window', 'focus'],
      ['window', 'pageshow'],
      ['document', 'resume'],
      ['document', 'visibilitychange'],
    ] as const;
    for (const [target, name] of signs) {
      const page = await world.open('/realtime-demo');
      await expectState(page, 'Connected');
      world.proxy.cut();
      // The first attempt may come at once: that it was loaded was a sign, too.
      await expect(page.getByTestId('connection-cause').first()).toContainText(/Next attempt in (2\d|30) s/, { timeout: 20_000 });
      const accepted = world.proxy.accepted;
      world.proxy.restore();
      await page.evaluate(([target, name]) => (target === 'window' ? window : document).dispatchEvent(new Event(name)), [target, name] as const);
      expect(await untilRedial(world, accepted), name).toBeLessThan(10_000);
      await expectState(page, 'Connected');
      await page.close();
    }
  });
});

test('the browser says there is no network: shown where it is true, and doubted where the connection lives', async ({ world }) => {
  const page = await lab(world);
  const says = (name: string) => page.evaluate((name) => void window.dispatchEvent(new Event(name)), name);
  const { connectionsEver } = await world.gateway.stats();
  await says('offline');
  await startSending(page, 5, 0);
  await expectExactlyOnce(page, world.gateway, 5);
  await expectState(page, 'Connected');
  expect((await world.gateway.stats()).connectionsEver, 'it was never gone').toBe(connectionsEver);
  await says('online');
  world.proxy.cut();
  await says('offline');
  await expect(banner(page, 'offline')).toContainText('This device has no network.');
  await expect(banner(page, 'offline')).toContainText('It reconnects by itself once the network is back.');
  await startSending(page, 5, 0);
  world.proxy.restore();
  const accepted = world.proxy.accepted;
  await says('online');
  expect(await untilRedial(world, accepted)).toBeLessThan(5_000);
  await expectState(page, 'Connected');
  await expectExactlyOnce(page, world.gateway, 10);
  await expect(banner(page, 'offline')).toHaveCount(0);
});

test('server closes with 4410: superseded, shown, and left to who came after', async ({ world }) => {
  const page = await lab(world);
  const accepted = world.proxy.accepted;
  await world.gateway.close(4410, 'a newer connection');
  await expectState(page, 'Error');
  await stimulate(page);
  await pause(1_500); // as above
  expect(world.proxy.accepted).toBe(accepted);
});

// What a firewall between does, which knows no ids: a message it dislikes ends the connection.
for (const code of [1007, 1008, 1009, 4400]) {
  test(`a message that makes the server close with ${code}: it alone fails, with the code; the others arrive once`, async ({ world }) => {
    const relay = await FrameRelay.start(() => world.gateway.port);
    relay.judge = (text) => (text.includes('"lab 7 of ') ? code : undefined);
    world.site.configure({ url: relay.url, options: { reconnectInterval: 100, reconnectFloor: 50 } });
    try {
      const page = await lab(world);
      await startSending(page, 12, 0);
      await expect(page.getByTestId('lab-final')).toHaveText('12', { timeout: 60_000 });
      const messages = await labMessages(page);
      const failed = messages.filter(({ delivery }) => delivery !== 'Delivered');
      expect(failed.map(({ n }) => n)).toEqual([7]);
      expect(failed[0]!.delivery).toContain(`Poison { code: ${code}`);
      const { perId } = await world.gateway.stats();
      const effects = Object.entries(perId).map(([key, times]) => [key.split('/').pop(), times]);
      const others = messages.filter(({ n }) => n !== 7).map(({ id }) => [id, 1]);
      expect(effects.sort()).toEqual(others.sort());
      await expectState(page, 'Connected');
    } finally {
      await relay.stop();
    }
  });
}

for (const code of [1013, 4429]) {
  test(`server closes with ${code}: the slow lane, against all hints; "try now" leaves it`, { tag: '@waits' }, async ({ world }) => {
    const page = await lab(world);
    const accepted = world.proxy.accepted;
    await world.gateway.close(code, 'too much');
    await expectState(page, 'Reconnecting');
    for (let second = 0; second < 6; second += 1) {
      await stimulate(page);
      await pause(1_000); // a client without a slow lane is back within two
    }
    expect(world.proxy.accepted).toBe(accepted);
    await page.getByRole('button', { name: /try now/i }).first().click();
    await untilRedial(world, accepted);
    await expectState(page, 'Connected');
  });
}
