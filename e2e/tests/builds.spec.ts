// A deployment: tabs of the build before stay open beside tabs of the new one.
import type { Page } from '@playwright/test';
import { banner, pressIn } from '../lib/banners';
import { expect, expectState, test, type World } from '../lib/fixtures';
import { durable, expectExactlyOnce, labMessages, startSending, stopSending } from '../lib/lab';
import { leaderOf, openTabs } from '../lib/tabs';

test.use({ gatewayOptions: { args: ['--rate', '2', '--seed', '23'] } });
test.setTimeout(90_000);

/** Pages opened from now on are of another build, which shares what tabs share. */
async function deployAnother(world: World, page: Page): Promise<string> {
  const build = (await page.getByTestId('lab-build').textContent()) ?? '';
  expect(build).toMatch(/^[0-9a-f]{16}$/);
  const other = build.replace(/^./, (first) => (first === '0' ? '1' : '0'));
  world.site.rewrites.set(/(app|worker)_bg-[^/]*\.wasm$/, (content) => {
    const body = Buffer.from(content);
    for (let at = body.indexOf(build); at >= 0; at = body.indexOf(build)) body.write(other, at);
    return body;
  });
  // The files keep their names here, and browsers keep them.
  await world.forgetFiles();
  return other;
}

/** Pages opened from now on are of a build that shares another version of it (see crates/realtime/src/worker/faults). */
async function deployNewer(world: World, page: Page): Promise<void> {
  const worker = await page.evaluate(() => document.querySelector<HTMLMetaElement>('meta[name=sentinelops-worker]')!.content);
  world.site.configure({ url: world.proxy.url, workerUrl: `${worker}?link-version=3` });
}

/** Each effect of the gateway: how often, by message id. */
async function effects(world: World): Promise<Map<string, number>> {
  const { perId } = await world.gateway.stats();
  return new Map(Object.entries(perId).map(([key, times]) => [key.split('/').pop()!, times]));
}

test('another build that shares the same: both send over one connection, and the lock passes between them', async ({ world }) => {
  const [old] = (await openTabs(world, 1)) as [Page];
  const other = await deployAnother(world, old);
  const [fresh] = (await openTabs(world, 1)) as [Page];
  await expect(fresh.getByTestId('lab-build')).toHaveText(other);
  expect((await world.gateway.stats()).connections).toBe(1);
  expect((await leaderOf([old, fresh])).leader).toBe(old);
  for (const page of [old, fresh]) await startSending(page, 20, 50);
  for (const page of [old, fresh]) await expectExactlyOnce(page, world.gateway, 20);
  for (const page of [old, fresh]) await expect(page.locator('[data-banner]')).toHaveCount(0);
  expect(world.proxy.accepted).toBe(1);
  // What the older one leaves behind the newer one takes up.
  world.proxy.cut();
  await startSending(old, 10, 0);
  const saved = async () => (await labMessages(old)).slice(20).map(({ durability }) => durability);
  await expect.poll(saved).toEqual(Array(10).fill('Durable'));
  await old.close();
  world.proxy.restore();
  await expectState(fresh, 'Connected', 35_000);
  await expect.poll(async () => (await effects(world)).size).toBe(50);
  expect([...(await effects(world)).values()].every((times) => times === 1)).toBe(true);
});

test('a newer build: older tabs stop and say so; what they queued leaves once, from the newer one', { tag: '@waits' }, async ({ world }) => {
  const older = await openTabs(world, 2);
  world.proxy.cut();
  for (const page of older) await startSending(page, 15, 0);
  for (const page of older) await expect.poll(() => durable(page)).toBe(15);
  await deployNewer(world, older[0]!);
  const newer = await world.open('/lab');
  for (const page of older) {
    await expect(banner(page, 'update')).toContainText('A newer version runs in another tab.');
    await expect(banner(page, 'update')).toContainText('until then nothing is sent from here');
    await expectState(page, 'Error');
  }
  const accepted = world.proxy.accepted;
  world.proxy.restore();
  await expectState(newer, 'Connected', 35_000);
  await expect.poll(async () => (await effects(world)).size).toBe(30);
  // One dial: the newer one's. The older ones hold nothing any more.
  expect(world.proxy.accepted).toBe(accepted + 1);
  expect((await world.gateway.stats()).connections).toBe(1);
  for (const page of older) {
    await startSending(page, 1, 0);
    await expect.poll(async () => (await labMessages(page)).at(-1)!.delivery).toBe('Failed(NotConnected)');
  }
  // As they are asked to: then they are of the newer build, too, and share its connection.
  for (const page of older) {
    await Promise.all([page.waitForEvent('load'), pressIn(page, 'update')]);
    await expectState(page, 'Connected');
    await expect(banner(page, 'update')).toHaveCount(0);
    await startSending(page, 5, 0);
    await expect(page.getByTestId('lab-final')).toHaveText('5');
  }
  await leaderOf([newer, ...older]);
  expect((await world.gateway.stats()).connections).toBe(1);
  expect([...(await effects(world)).values()]).toEqual(Array(40).fill(1));
});

test('a newer build in mid-send: what was saved takes effect once, what failed never', async ({ world }) => {
  const older = await openTabs(world, 2);
  for (const page of older) await startSending(page, 10_000, 25);
  await expect.poll(async () => (await world.gateway.stats()).accepted, { intervals: [20] }).toBeGreaterThan(20);
  await deployNewer(world, older[0]!);
  const newer = await world.open('/lab');
  await expectState(newer, 'Connected');
  const refused = async (page: Page) => (await labMessages(page)).some(({ delivery }) => delivery === 'Failed(NotConnected)');
  for (const page of older) {
    await expect(banner(page, 'update')).toBeVisible();
    await expect.poll(() => refused(page)).toBe(true);
    await stopSending(page);
  }
  const messages = (await Promise.all(older.map(labMessages))).flat();
  const failed = messages.filter(({ delivery }) => delivery.startsWith('Failed'));
  const promised = messages.filter(({ durability, delivery }) => durability === 'Durable' || delivery === 'Delivered');
  test.info().annotations.push({ type: 'measured', description: `${promised.length} promised, ${failed.length} refused of ${messages.length}` });
  expect(promised.length).toBeGreaterThan(20);
  const missing = async () => {
    const known = await effects(world);
    return promised.filter(({ id }) => !known.has(id)).length;
  };
  await expect.poll(missing, { timeout: 35_000 }).toBe(0);
  const known = await effects(world);
  expect(failed.filter(({ id }) => known.has(id)), 'falsely failed').toEqual([]);
  expect([...known.values()].every((times) => times === 1), 'doubled').toBe(true);
  expect((await world.gateway.stats()).connections).toBe(1);
});
