// When what people send cannot be saved, or belongs to somebody else.
import type { Page } from '@playwright/test';
import { banner } from '../lib/banners';
import { pause } from '../lib/checker';
import { expect, expectState, test, type World } from '../lib/fixtures';
import { durable, expectExactlyOnce, labMessages, press, startSending } from '../lib/lab';
import { FaultProxy } from '../lib/proxy';
import { FrameRelay } from '../lib/relay';
import { leaderOf, leads, openTabs } from '../lib/tabs';

test.use({ gatewayOptions: { args: ['--rate', '2', '--seed', '31', '--trust-user'] } });
test.setTimeout(90_000);

/** The stores of workers started from now on do not open, until `heal`. */
async function breakStores(world: World): Promise<void> {
  world.site.inWorkers(`
    const open = IDBFactory.prototype.open;
    IDBFactory.prototype.open = () => { throw new DOMException("a test forbids it", "SecurityError"); };
    self.heal = () => { IDBFactory.prototype.open = open; };
  `);
  await world.forgetFiles();
}

async function heal(page: Page): Promise<void> {
  await page.workers()[0]!.evaluate(() => (self as unknown as { heal(): void }).heal());
}

test('not saved: the page asks before it is closed, as long as something would be lost', async ({ world }) => {
  await breakStores(world);
  const page = await world.open('/lab');
  await expectState(page, 'Connected');
  const dialogs: string[] = [];
  page.on('dialog', (dialog) => {
    dialogs.push(dialog.type());
    void dialog.dismiss();
  });
  world.proxy.cut();
  await expectState(page, 'Reconnecting');
  await startSending(page, 4, 0);
  await expect(banner(page, 'storage')).toContainText('the browser offers no storage here');
  const kept = async () => (await labMessages(page)).map(({ durability }) => durability);
  await expect.poll(kept).toEqual(Array(4).fill('MemoryOnly'));
  await page.evaluate(() => setTimeout(() => location.reload(), 0));
  await expect.poll(() => dialogs).toEqual(['beforeunload']);
  // "Stay" was chosen: it is the same page, and has what it had.
  world.proxy.restore();
  await expectState(page, 'Connected', 35_000);
  await expectExactlyOnce(page, world.gateway, 4);
  await expect(banner(page, 'storage')).toHaveCount(0);
  await page.reload();
  await expectState(page, 'Connected');
  expect(dialogs).toEqual(['beforeunload']);
});

test('a tab without a store connects for itself, and comes to the others once the store opens', { tag: '@waits' }, async ({ world }) => {
  const { leader, followers } = await leaderOf(await openTabs(world, 2));
  await breakStores(world);
  const alone = await world.open('/lab');
  await expectState(alone, 'Connected');
  await expect.poll(async () => (await world.gateway.stats()).connections).toBe(2);
  await expect(alone.getByTestId('connection-storage').first()).toContainText('Not saved on this device');
  const all = [leader, ...followers, alone];
  for (const page of all) await startSending(page, 20, 50);
  for (const page of all) await expectExactlyOnce(page, world.gateway, 20);
  await heal(alone);
  await expect.poll(async () => (await world.gateway.stats()).connections, { timeout: 45_000 }).toBe(1);
  await expect(alone.getByTestId('connection-storage').first()).toContainText('Saved on this device');
  await leaderOf(all);
  expect(await leads(alone)).toBe(false);
  for (const page of all) await startSending(page, 20, 50);
  for (const page of all) await expectExactlyOnce(page, world.gateway, 40);
  await expect.poll(() => durable(alone)).toBe(20);
  const fresh = await world.gateway.publishIncident('Seen by all', 'critical');
  for (const page of all) await expect(page.locator(`[data-incident-id="${fresh}"]`).first()).toBeVisible({ timeout: 5_000 });
});

test('the server knows somebody else: every tab says so, nothing leaves under the other name, and it waits for its owner', { tag: '@waits' }, async ({ world }) => {
  const relay = await FrameRelay.start(() => world.gateway.port);
  const proxy = await FaultProxy.start(() => relay.port);
  world.site.configure({ url: proxy.url });
  try {
    relay.user = 'ann';
    const pages = await openTabs(world, 2);
    proxy.cut();
    for (const page of pages) await startSending(page, 5, 0);
    for (const page of pages) await expect.poll(() => durable(page)).toBe(5);
    relay.user = 'bob';
    proxy.restore();
    for (const page of pages) {
      await expect(banner(page, 'auth')).toContainText('Another user is signed in.', { timeout: 35_000 });
      await expectState(page, 'Error');
    }
    // Also of what is sent now, and after a reload.
    for (const page of pages) await startSending(page, 1, 0);
    await pages[1]!.reload();
    await expect(banner(pages[1]!, 'auth')).toContainText('Another user is signed in.');
    await pause(1_500); // longer than a first redial ever waits
    expect((await world.gateway.stats()).accepted).toBe(0);
    relay.user = 'ann';
    await press(pages[0]!, 'lab-connect');
    for (const page of pages) await expectState(page, 'Connected', 35_000);
    await expect.poll(async () => (await world.gateway.stats()).accepted, { timeout: 20_000 }).toBe(12);
    const { perId } = await world.gateway.stats();
    expect(Object.keys(perId).every((key) => key.startsWith('ann/'))).toBe(true);
    expect(Object.values(perId).every((times) => times === 1)).toBe(true);
  } finally {
    await Promise.all([proxy.stop(), relay.stop()]);
  }
});
