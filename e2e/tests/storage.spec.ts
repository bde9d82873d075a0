// When what people send cannot be saved, or belongs to somebody else.
import type { Page } from '@playwright/test';
import { banner } from '../lib/banners';
import { pause } from '../lib/checker';
import { expect, expectState, test, type World } from '../lib/fixtures';
import { durable, expectExactlyOnce, labMessages, press, startSending } from '../lib/lab';
import { freeze } from '../lib/lifecycle';
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

test('a full disk while sending is shown, and the worker goes on', async ({ world }) => {
  // It shows when a transaction is to be committed: each of its requests ends with an error.
  world.site.inWorkers(`
    self.full = false;
    const commit = IDBTransaction.prototype.commit;
    IDBTransaction.prototype.commit = function () {
      if (!self.full || this.mode !== "readwrite") return commit.call(this);
      Object.defineProperty(this, "error", { value: new DOMException("full", "QuotaExceededError") });
      this.abort();
    };
  `);
  await world.forgetFiles();
  const page = await world.open('/lab');
  await expectState(page, 'Connected');
  await page.workers()[0]!.evaluate(() => void Object.assign(self, { full: true }));
  await startSending(page, 20, 0);
  await expect(page.getByTestId('connection-storage').first()).toHaveText('Not saved on this device: its storage is full');
  await expectExactlyOnce(page, world.gateway, 20);
  expect(await page.workers()[0]!.evaluate(() => (self as unknown as { full: boolean }).full), 'the same worker').toBe(true);
  await expect(banner(page, 'worker')).toHaveCount(0);
});

test('tabs without a store connect for themselves, and share one connection once it opens', { tag: '@waits' }, async ({ world }) => {
  await breakStores(world);
  const all = [await world.open('/lab'), await world.open('/lab')];
  for (const page of all) await expectState(page, 'Connected');
  await expect.poll(async () => (await world.gateway.stats()).connections).toBe(2);
  for (const page of all) {
    await expect(page.getByTestId('connection-storage').first()).toContainText('Not saved on this device');
    await startSending(page, 20, 50);
  }
  for (const page of all) await expectExactlyOnce(page, world.gateway, 20);
  for (const page of all) await heal(page);
  await expect.poll(async () => (await world.gateway.stats()).connections, { timeout: 45_000 }).toBe(1);
  await leaderOf(all);
  world.proxy.cut();
  for (const page of all) {
    await expect(page.getByTestId('connection-storage').first()).toContainText('Saved on this device');
    await startSending(page, 20, 0);
  }
  for (const page of all) await expect.poll(() => durable(page)).toBe(20);
  world.proxy.restore();
  for (const page of all) await expectExactlyOnce(page, world.gateway, 40);
  const fresh = await world.gateway.publishIncident('Seen by all', 'critical');
  for (const page of all) await expect(page.locator(`[data-incident-id="${fresh}"]`).first()).toBeVisible({ timeout: 5_000 });
});

test('a tab whose own store fails follows one that has it: its messages are saved there', async ({ world }) => {
  const leader = await world.open('/lab');
  await expectState(leader, 'Connected');
  await breakStores(world);
  const follower = await world.open('/lab');
  await expectState(follower, 'Connected');
  expect((await leaderOf([leader, follower])).leader).toBe(leader);
  await expect(follower.getByTestId('connection-storage').first()).toContainText('Saved on this device');
  world.proxy.cut();
  await expectState(leader, 'Reconnecting');
  await startSending(follower, 20, 0);
  await expect.poll(() => durable(follower)).toBe(20);
  world.proxy.restore();
  await expectExactlyOnce(follower, world.gateway, 20);
  expect((await world.gateway.stats()).connections).toBe(1);
});

/** A page beside the app that keeps the user's database from it, until what it answers is called. */
async function beside(world: World, page: Page, keep: 'connection' | 'transaction'): Promise<() => Promise<void>> {
  const names = () => page.evaluate(async () => (await indexedDB.databases()).map(({ name }) => name!));
  await expect.poll(names).toContainEqual(expect.stringMatching(/^sentinelops \//));
  const name = (await names()).find((name) => name.startsWith('sentinelops /'))!;
  const other = await world.chrome.context.newPage();
  await other.goto(world.site.url('/elsewhere.txt'));
  await other.evaluate(
    ([name, keep]) =>
      new Promise<void>((resolve, reject) => {
        const request = indexedDB.open(name);
        request.onerror = () => reject(request.error);
        request.onsuccess = () => {
          const db = request.result;
          if (keep === 'connection') {
            // Who wants to change it has to wait.
            db.onversionchange = () => {};
            Object.assign(window, { release: () => db.close() });
            return resolve();
          }
          const stores = Array.from(db.objectStoreNames);
          const store = db.transaction(stores, 'readwrite').objectStore(stores[0]!);
          let over = false;
          Object.assign(window, { release: () => (over = true) });
          const again = () => {
            const asked = store.count();
            asked.onsuccess = () => (over ? db.close() : again());
          };
          store.count().onsuccess = () => {
            again();
            resolve();
          };
        };
      }),
    [name, keep] as const,
  );
  return () => other.evaluate(() => (window as unknown as { release(): void }).release());
}

test('a store that does not answer: shown within seconds, and whole again when it does', { tag: '@waits' }, async ({ world }) => {
  const page = await world.open('/lab');
  await expectState(page, 'Connected');
  world.proxy.cut();
  await expectState(page, 'Reconnecting');
  const release = await beside(world, page, 'transaction');
  await startSending(page, 5, 0);
  await expect(banner(page, 'storage')).toContainText('Not saved on this device: the store does not answer');
  const kept = async () => new Set((await labMessages(page)).map(({ durability }) => durability));
  expect(await kept()).toEqual(new Set(['Pending']));
  await release();
  await expect.poll(kept).toEqual(new Set(['Durable']));
  await expect(banner(page, 'storage')).toHaveCount(0);
  await expect(page.getByTestId('connection-storage').first()).toHaveText('Saved on this device');
  world.proxy.restore();
  await expectState(page, 'Connected', 35_000);
  await expectExactlyOnce(page, world.gateway, 5);
});

test('the store is held when the leader stops: the next one leads without it, and what was saved before goes all the same', { tag: '@waits' }, async ({ world }) => {
  const { leader, followers } = await leaderOf(await openTabs(world, 4));
  world.proxy.cut();
  await expectState(leader, 'Reconnecting');
  for (const page of followers) await startSending(page, 5, 0);
  for (const page of followers) await expect.poll(() => durable(page)).toBe(5);
  // As the leader would hold it that is frozen in the middle of a transaction.
  const release = await beside(world, leader, 'transaction');
  const frozen = Date.now();
  const thaw = await freeze(world, leader);
  world.proxy.restore();
  await expect.poll(async () => (await world.gateway.stats()).connections, { timeout: 15_000 }).toBe(1);
  expect(Date.now() - frozen).toBeLessThan(8_000);
  for (const page of followers) await expectState(page, 'Connected', 15_000);
  for (const page of followers) await startSending(page, 5, 50);
  for (const page of followers) await expectExactlyOnce(page, world.gateway, 10);
  for (const page of followers) {
    await expect(page.getByTestId('connection-storage').first()).toHaveText('Not saved on this device: the store does not answer');
  }
  expect((await world.gateway.stats()).connections, 'one for all of them').toBe(1);
  await release();
  for (const page of followers) await expect(page.getByTestId('connection-storage').first()).toHaveText('Saved on this device');
  await thaw();
  for (const page of followers) await startSending(page, 5, 0);
  for (const page of followers) await expectExactlyOnce(page, world.gateway, 15);
  for (const page of [leader, ...followers]) await expectState(page, 'Connected');
  expect((await world.gateway.stats()).connections).toBe(1);
});

test('an older tab blocks the newer store: shown with what to do, and saved once that tab is gone', { tag: '@waits' }, async ({ world }) => {
  const old = await world.open('/lab');
  await expectState(old, 'Connected');
  const release = await beside(world, old, 'connection');
  const worker = await old.evaluate(() => document.querySelector<HTMLMetaElement>('meta[name=sentinelops-worker]')!.content);
  await old.close();
  world.site.configure({ url: world.proxy.url, workerUrl: `${worker}?link-version=3` });
  const page = await world.open('/lab');
  await expectState(page, 'Connected');
  await expect(page.getByTestId('connection-storage').first()).toHaveText('Not saved on this device: an older tab blocks the store; close it');
  world.proxy.cut();
  await startSending(page, 5, 0);
  await expect(banner(page, 'storage')).toContainText('an older tab blocks the store; close it');
  const kept = async () => new Set((await labMessages(page)).map(({ durability }) => durability));
  await expect.poll(kept).toEqual(new Set(['MemoryOnly']));
  await release();
  await expect.poll(kept, { timeout: 45_000 }).toEqual(new Set(['Durable']));
  await expect(banner(page, 'storage')).toHaveCount(0);
  world.proxy.restore();
  await expectState(page, 'Connected', 35_000);
  await expectExactlyOnce(page, world.gateway, 5);
});

test('a full disk that has space again: what waited in memory is saved', { tag: '@waits' }, async ({ world }) => {
  const page = await world.chrome.context.newPage();
  const session = await world.chrome.context.newCDPSession(page);
  const origin = new URL(world.site.url()).origin;
  await session.send('Storage.overrideQuotaForOrigin', { origin, quotaSize: 1 });
  await page.goto(world.site.url('/lab'));
  await expectState(page, 'Connected');
  world.proxy.cut();
  await startSending(page, 30, 0);
  await expect(banner(page, 'storage')).toContainText('Not saved on this device: its storage is full');
  const kept = async () => new Set((await labMessages(page)).map(({ durability }) => durability));
  await expect.poll(kept).toEqual(new Set(['MemoryOnly']));
  await session.send('Storage.overrideQuotaForOrigin', { origin });
  // Tried again every 30 s.
  await expect.poll(kept, { timeout: 45_000 }).toEqual(new Set(['Durable']));
  await expect(banner(page, 'storage')).toHaveCount(0);
  await expect(page.getByTestId('connection-storage').first()).toHaveText('Saved on this device');
  await page.reload();
  world.proxy.restore();
  await expectState(page, 'Connected', 35_000);
  await expect.poll(async () => (await world.gateway.stats()).accepted, { timeout: 40_000 }).toBe(30);
  expect(Object.values((await world.gateway.stats()).perId).every((times) => times === 1)).toBe(true);
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
