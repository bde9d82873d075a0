// Many tabs, one connection. Deadlines are the behaviour promised in docs/tabs.md.
import type { Page } from '@playwright/test';
import { banner, pressIn } from '../lib/banners';
import { expect, expectState, test, type World } from '../lib/fixtures';
import { expectExactlyOnce, labMessages, injectFault, press, startSending } from '../lib/lab';
import { awayAndBack, freeze } from '../lib/lifecycle';
import { crash, leaderOf, openTabs } from '../lib/tabs';

test.use({ gatewayOptions: { args: ['--rate', '2', '--seed', '5'] } });
test.setTimeout(90_000);

/** Ms until, after `accepted` connections, the gateway has welcomed another and it alone; one of `pages` leads it. */
async function untilTakenOver(world: World, pages: Page[], accepted: number, since: number): Promise<number> {
  const welcomed = async () => {
    if (world.proxy.accepted <= accepted) return false;
    const { connections, subscriptions } = await world.gateway.stats();
    return connections === 1 && subscriptions > 0;
  };
  await expect.poll(welcomed, { timeout: 15_000, intervals: [20] }).toBe(true);
  const connected = Date.now() - since;
  await leaderOf(pages);
  for (const page of pages) await expectState(page, 'Connected');
  measured(`connected again after ${connected} ms, ${pages.length} tabs left`);
  return connected;
}

function measured(description: string): void {
  test.info().annotations.push({ type: 'measured', description });
}

/** Each of these sends 20, half of them before anything breaks. */
async function startAll(world: World, pages: Page[]): Promise<void> {
  for (const page of pages) await startSending(page, 20, 200);
  await expect.poll(async () => (await world.gateway.stats()).accepted, { intervals: [50] }).toBeGreaterThan(pages.length * 3);
}

function median(all: number[]): number {
  return all.sort((a, b) => a - b)[Math.floor(all.length / 2)]!;
}

/** Ms from sending to the end of each of 40 messages of a page somebody looks at. */
async function ackTimes(page: Page): Promise<number[]> {
  await page.bringToFront();
  await startSending(page, 40, 50);
  await expect(page.getByTestId('lab-final')).toHaveText('40', { timeout: 20_000 });
  return (await labMessages(page)).map((message) => message.ackedMs!);
}

test("ten tabs are one connection, all see what happens, and a follower's send is acked soon after a leader's", async ({ world }) => {
  const pages = await openTabs(world, 10);
  expect((await world.gateway.stats()).connections).toBe(1);
  const fresh = await world.gateway.publishIncident('Seen by all', 'critical');
  for (const page of pages) {
    await expect(page.locator(`[data-incident-id="${fresh}"]`).first()).toBeVisible({ timeout: 5_000 });
  }
  const { leader, followers } = await leaderOf(pages);
  const own = median(await ackTimes(leader));
  const other = median([...(await ackTimes(followers[0]!)), ...(await ackTimes(followers.at(-1)!))]);
  measured(`acked after ${own} ms (leader), ${other} ms (follower), medians`);
  expect(other).toBeLessThan(own + 100);
  expect(world.proxy.accepted).toBe(1);
});

test('ten tabs, the leader crashes: the next one is connected within 1.5 s, nothing lost or doubled', async ({ world }) => {
  const { leader, followers } = await leaderOf(await openTabs(world, 10));
  await startAll(world, followers);
  const accepted = world.proxy.accepted;
  const died = Date.now();
  await crash(world, leader);
  expect(await untilTakenOver(world, followers, accepted, died)).toBeLessThan(1_500);
  for (const page of followers) await expectExactlyOnce(page, world.gateway, 20);
  expect((await world.gateway.stats()).connections).toBe(1);
});

test('ten tabs, the leader is frozen in mid-send: the next one is connected within 8 s, the thawed one follows, nothing lost or doubled', async ({ world }) => {
  const { leader, followers } = await leaderOf(await openTabs(world, 10));
  const all = [leader, ...followers];
  await startAll(world, all);
  const unsent = (await labMessages(leader)).length;
  expect(unsent, 'the leader is not sending any more').toBeLessThan(20);
  const accepted = world.proxy.accepted;
  const frozen = Date.now();
  const thaw = await freeze(world, leader);
  expect(await untilTakenOver(world, followers, accepted, frozen)).toBeLessThan(8_000);
  for (const page of followers) await expectExactlyOnce(page, world.gateway, 20);
  await thaw();
  await expectExactlyOnce(leader, world.gateway, 20);
  const fresh = await world.gateway.publishIncident('After the thaw', 'critical');
  await expect(leader.locator(`[data-incident-id="${fresh}"]`).first()).toBeVisible({ timeout: 5_000 });
  expect((await world.gateway.stats()).connections).toBe(1);
});

test("the leader's worker hangs: the next one is connected within 8 s, nothing lost or doubled", async ({ world }) => {
  const { leader, followers } = await leaderOf(await openTabs(world, 3));
  const all = [leader, ...followers];
  await startAll(world, all);
  const accepted = world.proxy.accepted;
  // A page looks after its worker while somebody looks at the page.
  await leader.bringToFront();
  const hung = Date.now();
  await injectFault(leader, 'hang');
  expect(await untilTakenOver(world, followers, accepted, hung)).toBeLessThan(8_000);
  for (const page of all) await expectExactlyOnce(page, world.gateway, 20);
});

test('the leader goes to another page: the lock passes on, and all come together again', async ({ world }) => {
  const { leader, followers } = await leaderOf(await openTabs(world, 2));
  const accepted = world.proxy.accepted;
  const left = Date.now();
  await awayAndBack(world, leader, async () => {
    expect(await untilTakenOver(world, followers, accepted, left)).toBeLessThan(3_000);
  });
  await expectState(leader, 'Connected');
  await leaderOf([leader, ...followers]);
  expect((await world.gateway.stats()).connections).toBe(1);
});

test('the leader goes to another page before its worker can give the lock back: another takes it at once', async ({ world }) => {
  const { leader, followers } = await leaderOf(await openTabs(world, 2));
  const accepted = world.proxy.accepted;
  // From now on the worker reads nothing: as one whose thread gets no turn before it is frozen.
  await injectFault(leader, 'hang');
  const left = Date.now();
  await leader.goto(world.site.url('/elsewhere.txt'));
  // It waits 2.1 s for the lock; the worker that hangs takes one of the processors meanwhile.
  expect(await untilTakenOver(world, followers, accepted, left)).toBeLessThan(4_500);
});

test('signed out in one tab: everything is sent first, then all tabs end', async ({ world }) => {
  const { leader, followers } = await leaderOf(await openTabs(world, 2));
  const follower = followers[0]!;
  world.proxy.cut();
  for (const page of [leader, follower]) await startSending(page, 10, 0);
  await press(follower, 'lab-sign-out');
  world.proxy.restore();
  for (const page of [leader, follower]) await expect(page.getByTestId('signed-out')).toBeVisible({ timeout: 30_000 });
  const { connections, accepted } = await world.gateway.stats();
  expect({ connections, accepted }).toEqual({ connections: 0, accepted: 20 });
});

test('the server asks to sign in again: the tab in which somebody did takes the connection over', async ({ world }) => {
  const { leader, followers } = await leaderOf(await openTabs(world, 3));
  const all = [leader, ...followers];
  const accepted = world.proxy.accepted;
  await world.gateway.close(4401, 'token expired');
  for (const page of all) await expect(banner(page, 'auth')).toContainText('Sign in to continue.');
  expect(world.proxy.accepted, 'nobody signed in').toBe(accepted);
  const signedIn = followers[1]!;
  await signedIn.bringToFront();
  await pressIn(signedIn, 'auth');
  for (const page of all) await expectState(page, 'Connected');
  expect((await leaderOf(all)).leader).toBe(signedIn);
  expect(world.proxy.accepted).toBe(accepted + 1);
  for (const page of all) await startSending(page, 5, 0);
  for (const page of all) await expectExactlyOnce(page, world.gateway, 5);
});

test('a tab that died is forgotten: what it alone looked at is no longer subscribed to', { tag: '@waits' }, async ({ world }) => {
  const leader = await world.open('/lab');
  await expectState(leader, 'Connected');
  const subscriptions = async () => (await world.gateway.stats()).subscriptions;
  const own = await subscriptions();
  const follower = await world.open('/');
  await expectState(follower, 'Connected');
  await expect.poll(subscriptions).toBeGreaterThan(own);
  await leaderOf([leader]);
  await crash(world, follower);
  // Missed twice when the living are counted, every 5 s; then each subscription lingers for 5 s.
  await expect.poll(subscriptions, { timeout: 30_000 }).toBe(own);
  expect((await world.gateway.stats()).connections).toBe(1);
});
