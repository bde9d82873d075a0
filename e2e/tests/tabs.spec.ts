// Many tabs, one connection. Deadlines are the behaviour promised in docs/architecture.md.
import type { Page } from '@playwright/test';
import { expect, expectState, test, type World } from '../lib/fixtures';
import { expectExactlyOnce, labMessages, openDoor, press, startSending } from '../lib/lab';
import { crash, leaderOf, openTabs } from '../lib/tabs';

test.use({ gatewayOptions: { args: ['--rate', '2', '--seed', '5'] } });
test.setTimeout(60_000);

/** Ms until a connection was accepted after `accepted` of them and one of `pages` leads it. */
async function untilTakenOver(world: World, pages: Page[], accepted: number, since: number): Promise<number> {
  await expect.poll(() => world.proxy.accepted, { timeout: 15_000, intervals: [20] }).toBeGreaterThan(accepted);
  const dialled = Date.now() - since;
  await leaderOf(pages);
  for (const page of pages) await expectState(page, 'Connected');
  test.info().annotations.push({ type: 'measured', description: `next connection after ${dialled} ms` });
  return dialled;
}

test('ten tabs are one connection, and all see what happens', async ({ world }) => {
  const pages = await openTabs(world, 10);
  expect((await world.gateway.stats()).connections).toBe(1);
  const fresh = await world.gateway.publishIncident('Seen by all', 'critical');
  for (const page of pages) {
    await expect(page.locator(`[data-incident-id="${fresh}"]`).first()).toBeVisible({ timeout: 5_000 });
  }
  expect(world.proxy.accepted).toBe(1);
  await leaderOf(pages);
});

test('the leader crashes: the next one is connected within 1.5 s, nothing lost or doubled', async ({ world }) => {
  const { leader, followers } = await leaderOf(await openTabs(world, 3));
  for (const page of followers) await startSending(page, 60, 50);
  await expect.poll(async () => (await world.gateway.stats()).accepted, { intervals: [50] }).toBeGreaterThan(20);
  const accepted = world.proxy.accepted;
  const died = Date.now();
  await crash(world, leader);
  expect(await untilTakenOver(world, followers, accepted, died)).toBeLessThan(1_500);
  for (const page of followers) await expectExactlyOnce(page, world.gateway, 60);
});

test('the leader is frozen: the next one is connected within 8 s, the thawed one follows', async ({ world }) => {
  const { leader, followers } = await leaderOf(await openTabs(world, 3));
  for (const page of followers) await startSending(page, 60, 50);
  const session = await world.chrome.context.newCDPSession(leader);
  const accepted = world.proxy.accepted;
  const frozen = Date.now();
  await session.send('Page.setWebLifecycleState', { state: 'frozen' });
  expect(await untilTakenOver(world, followers, accepted, frozen)).toBeLessThan(8_000);
  for (const page of followers) await expectExactlyOnce(page, world.gateway, 60);
  await session.send('Page.setWebLifecycleState', { state: 'active' });
  const fresh = await world.gateway.publishIncident('After the thaw', 'critical');
  await expect(leader.locator(`[data-incident-id="${fresh}"]`).first()).toBeVisible({ timeout: 5_000 });
  expect((await world.gateway.stats()).connections).toBe(1);
});

test("the leader's worker hangs: the next one is connected within 8 s, nothing lost or doubled", async ({ world }) => {
  const { leader, followers } = await leaderOf(await openTabs(world, 3));
  const all = [leader, ...followers];
  for (const page of all) await startSending(page, 60, 50);
  await expect.poll(async () => (await world.gateway.stats()).accepted, { intervals: [50] }).toBeGreaterThan(20);
  const accepted = world.proxy.accepted;
  // A page looks after its worker while somebody looks at the page.
  await leader.bringToFront();
  const hung = Date.now();
  await openDoor(leader, 'hang');
  expect(await untilTakenOver(world, followers, accepted, hung)).toBeLessThan(8_000);
  for (const page of all) await expectExactlyOnce(page, world.gateway, 60);
});

test("a follower's send is acked soon after a leader's", async ({ world }) => {
  const { leader, followers } = await leaderOf(await openTabs(world, 2));
  const median = async (page: Page) => {
    await page.bringToFront();
    await startSending(page, 40, 50);
    await expect(page.getByTestId('lab-final')).toHaveText('40', { timeout: 20_000 });
    const times = (await labMessages(page)).map((message) => message.ackedMs!).sort((a, b) => a - b);
    return times[20]!;
  };
  const own = await median(leader);
  const other = await median(followers[0]!);
  test.info().annotations.push({ type: 'measured', description: `acked after ${own} ms (leader), ${other} ms (follower), medians` });
  expect(other).toBeLessThan(own + 100);
});

test('the leader goes to another page: the lock passes on, and all come together again', async ({ world }) => {
  const { leader, followers } = await leaderOf(await openTabs(world, 2));
  const accepted = world.proxy.accepted;
  const left = Date.now();
  await leader.goto(world.site.url('/elsewhere.txt'));
  expect(await untilTakenOver(world, followers, accepted, left)).toBeLessThan(3_000);
  await leader.goBack({ waitUntil: 'commit' });
  await expectState(leader, 'Connected');
  await leaderOf([leader, ...followers]);
  expect((await world.gateway.stats()).connections).toBe(1);
});

test('signed out in one tab: everything is sent first, then all tabs end', async ({ world }) => {
  const { leader, followers } = await leaderOf(await openTabs(world, 2));
  const follower = followers[0]!;
  world.proxy.cut();
  for (const page of [leader, follower]) await startSending(page, 10, 0);
  await press(follower, 'lab-sign-out');
  world.proxy.restore();
  for (const page of [leader, follower]) await expectState(page, 'Disconnected', 30_000);
  const { connections, accepted } = await world.gateway.stats();
  expect({ connections, accepted }).toEqual({ connections: 0, accepted: 20 });
});
