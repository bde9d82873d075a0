// Without https a browser has no Web Locks: leases in IndexedDB stand in for them.
import type { Page } from '@playwright/test';
import { expect, expectState, test, type World } from '../lib/fixtures';
import { durable, expectExactlyOnce, startSending } from '../lib/lab';
import { crash, leaderOf } from '../lib/tabs';

test.use({ gatewayOptions: { args: ['--rate', '2', '--seed', '9'] } });
test.setTimeout(90_000);

async function openPlain(world: World): Promise<Page> {
  const page = await world.chrome.context.newPage();
  await page.goto(world.site.url('/lab', 'plain.test'));
  await expectState(page, 'Connected');
  expect(await page.evaluate(() => [isSecureContext, 'locks' in navigator])).toEqual([false, false]);
  return page;
}

test('on a plain http page three tabs are one connection, what is sent is saved, and a crash of the leader is got over', { tag: '@waits' }, async ({ world }) => {
  const pages = [await openPlain(world), await openPlain(world), await openPlain(world)];
  expect((await world.gateway.stats()).connections).toBe(1);
  const { leader, followers } = await leaderOf(pages);
  world.proxy.cut();
  for (const page of pages) await startSending(page, 10, 0);
  for (const page of pages) await expect.poll(() => durable(page)).toBe(10);
  world.proxy.restore();
  for (const page of pages) await expectExactlyOnce(page, world.gateway, 10);

  for (const page of followers) await startSending(page, 20, 100);
  const accepted = world.proxy.accepted;
  const died = Date.now();
  await crash(world, leader);
  // A lease runs out by itself, unlike a lock of a dead process, which is free at once.
  await expect.poll(() => world.proxy.accepted, { timeout: 15_000, intervals: [20] }).toBeGreaterThan(accepted);
  test.info().annotations.push({ type: 'measured', description: `next connection after ${Date.now() - died} ms` });
  await leaderOf(followers);
  for (const page of followers) await expectExactlyOnce(page, world.gateway, 30);
  await expect.poll(async () => (await world.gateway.stats()).connections).toBe(1);
});
