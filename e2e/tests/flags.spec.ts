// The three documented flags, as a deployment sets them in its page; SENTINELOPS_ENABLE_… at build time sets the
// same (src/config/tests.rs).
import type { Page } from '@playwright/test';
import { banner } from '../lib/banners';
import { pause } from '../lib/checker';
import { expect, expectState, test, type World } from '../lib/fixtures';
import { expectExactlyOnce, labMessages, startSending } from '../lib/lab';
import { leaderOf, openTabs } from '../lib/tabs';

test.use({ gatewayOptions: { args: ['--rate', '2', '--seed', '29'] } });

function queued(page: Page): Promise<number> {
  return page.getByTestId('lab-outbox').textContent().then((text) => JSON.parse(text || '{"outbox":[]}').outbox.length);
}

/** Sends `count` more and expects all to be refused at once. */
async function expectRefused(page: Page, count: number): Promise<void> {
  // Of a hidden page the browser takes its time, and the lab looks only now and then.
  await page.bringToFront();
  const before = (await labMessages(page)).length;
  await startSending(page, count, 0);
  await expect
    .poll(async () => (await labMessages(page)).slice(before).map(({ delivery }) => delivery))
    .toEqual(Array(count).fill('Failed(NotConnected)'));
  const slowest = Math.max(...(await labMessages(page)).slice(before).map(({ ackedMs }) => ackedMs!));
  expect(slowest, 'at once').toBeLessThan(1_000);
}

/** Names of the databases of this origin. */
async function databases(page: Page): Promise<string[]> {
  return (await page.evaluate(() => indexedDB.databases())).map(({ name }) => name ?? '');
}

/** Messages on the disk, waiting or failed. */
function storedRows(page: Page): Promise<number> {
  return page.evaluate(async () => {
    const asked = <T>(request: IDBRequest<T>) =>
      new Promise<T>((resolve, reject) => {
        request.onsuccess = () => resolve(request.result);
        request.onerror = () => reject(request.error);
      });
    let rows = 0;
    for (const { name } of await indexedDB.databases()) {
      if (!name!.startsWith('sentinelops /')) continue;
      const database = await asked(indexedDB.open(name!));
      for (const store of ['outbox', 'failed']) rows += await asked(database.transaction(store).objectStore(store).count());
      database.close();
    }
    return rows;
  });
}

test('the message queue off: connected, messages arrive; disconnected, sending is an error at once, in every tab', async ({ world }) => {
  world.site.configure({ url: world.proxy.url, enableMessageQueue: false });
  const { leader, followers } = await leaderOf(await openTabs(world, 2));
  const pages = [leader, followers[0]!];
  for (const page of pages) {
    await startSending(page, 5, 0);
    await expectExactlyOnce(page, world.gateway, 5);
  }
  expect((await world.gateway.stats()).connections).toBe(1);
  world.proxy.cut();
  for (const page of pages) await expectState(page, 'Reconnecting');
  for (const page of pages) {
    await expectRefused(page, 3);
    expect(await queued(page)).toBe(0);
  }
  world.proxy.restore();
  for (const page of pages) await expectState(page, 'Connected', 35_000);
  for (const page of pages) {
    await startSending(page, 2, 0);
    await expect(page.getByTestId('lab-final')).toHaveText('10');
    expect((await labMessages(page)).slice(-2).map(({ delivery }) => delivery)).toEqual(['Delivered', 'Delivered']);
  }
  // What was refused stayed refused.
  expect((await world.gateway.stats()).accepted).toBe(14);
});

test('offline mode off: what waits is kept in memory and leaves later; nothing is stored, and closing the page asks', async ({ world }) => {
  world.site.configure({ url: world.proxy.url, enableOfflineMode: false });
  const page = await world.open('/lab');
  await expectState(page, 'Connected');
  await expect(page.getByTestId('connection-storage').first()).toContainText('Not saved on this device (switched off)');
  world.proxy.cut();
  await expectState(page, 'Reconnecting');
  await startSending(page, 5, 0);
  await expect.poll(() => queued(page)).toBe(5);
  expect((await labMessages(page)).map(({ durability }) => durability)).toEqual(Array(5).fill('MemoryOnly'));
  expect(await storedRows(page)).toBe(0);
  await expect(banner(page, 'storage')).toContainText('Not saved on this device (switched off)');
  world.proxy.restore();
  await expectState(page, 'Connected', 35_000);
  await expectExactlyOnce(page, world.gateway, 5);

  world.proxy.cut();
  await expectState(page, 'Reconnecting');
  await startSending(page, 5, 0);
  await expect.poll(() => queued(page)).toBe(5);
  await expect(banner(page, 'storage')).toBeVisible();
  const dialogs: string[] = [];
  page.on('dialog', (dialog) => {
    dialogs.push(dialog.type());
    void dialog.accept();
  });
  await page.reload();
  expect(dialogs).toEqual(['beforeunload']);
  world.proxy.restore();
  await expectState(page, 'Connected', 35_000);
  expect(await queued(page)).toBe(0);
  expect((await world.gateway.stats()).accepted).toBe(5);
});

test('the WebSocket off: nothing is dialled, the page says so, and sending is an error at once', async ({ world }) => {
  world.site.configure({ url: world.proxy.url, enableWebsocket: false });
  for (const route of ['/', '/realtime-demo', '/lab']) {
    const page = await world.open(route);
    await expect(page.locator('[data-banner]').first()).toContainText('switched off by configuration');
  }
  const page = world.chrome.context.pages().at(-1)!;
  await expectRefused(page, 3);
  await page.getByTestId('lab-connect').click();
  await pause(1_500); // longer than a first dial ever waits
  expect(world.proxy.accepted).toBe(0);
  expect(page.workers()).toEqual([]);
  expect(await databases(page)).toEqual([]);
});
