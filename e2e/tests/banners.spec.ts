// What the page says about itself: configuration, sign-in, storage, updates, gaps.
import { banner } from '../lib/banners';
import { expect, expectState, incidentIds, test } from '../lib/fixtures';
import { labMessages, startSending } from '../lib/lab';

test.use({ gatewayOptions: { args: ['--rate', '2', '--seed', '9'] } });

test('a bad value of the page configuration: key, value and what is allowed; the rest works', async ({ world }) => {
  world.site.configure({
    url: world.proxy.url,
    enableOfflineMode: 'maybe',
    reconect: true,
    options: { timeout: 'soon' },
  });
  for (const route of ['/', '/realtime-demo']) {
    const page = await world.open(route);
    await expect(banner(page, 'config')).toHaveCount(3);
    const text = (await banner(page, 'config').allTextContents()).join('\n');
    expect(text).toMatch(/enableOfflineMode is "maybe".*true or false is allowed/);
    expect(text).toMatch(/reconect is \(not shown\).*no such key/);
    expect(text).toMatch(/options\.timeout is "soon".*a whole number from .* is allowed/);
    await expectState(page, 'Connected');
  }
});

test('an address that cannot be dialled is shown once, with what is wrong', async ({ world }) => {
  world.site.configure({ url: 'ftp://ops.example.com/ws?token=s3cret' });
  const page = await world.open('/');
  await expect(banner(page, 'config').first()).toContainText('ftp');
  const shown = (await page.locator('body').innerText()).match(/ws: or wss: is needed/g) ?? [];
  expect(shown).toHaveLength(1);
  await expect(page.locator('.sentinelops-setup-error')).toHaveCount(0);
  expect(await page.locator('#app').innerHTML()).not.toContain('s3cret');
});

test('ws: from an https page is refused before anything is tried, and shown clearly', async ({ world }) => {
  world.site.configure({ url: 'ws://ops.example.com/ws?token=s3cret' });
  const page = await world.chrome.context.newPage();
  // The files of the site under an https address.
  await page.route('https://console.test/**', async (route) => {
    const { pathname } = new URL(route.request().url());
    const answer = await fetch(world.site.url(pathname));
    const headers: Record<string, string> = {};
    answer.headers.forEach((value, name) => (headers[name] = value));
    await route.fulfill({ status: answer.status, headers, body: Buffer.from(await answer.arrayBuffer()) });
  });
  await page.goto('https://console.test/');
  expect(await page.evaluate(() => isSecureContext && location.protocol)).toBe('https:');
  await expect(banner(page, 'config')).toHaveCount(1);
  await expect(banner(page, 'config')).toContainText('"ws://ops.example.com/ws"');
  await expect(banner(page, 'config')).toContainText('a page loaded over https may only use wss:');
  await expect(banner(page, 'config')).toContainText('Use wss:');
  await expectState(page, 'Error');
  expect(await page.locator('#app').innerHTML()).not.toContain('s3cret');
});

test('signed out by the server: shown, with what to do; nothing is dialled until then', async ({ world }) => {
  const page = await world.open('/');
  await expectState(page, 'Connected');
  const accepted = world.proxy.accepted;
  await world.gateway.close(4401, 'token expired');
  await expectState(page, 'Error');
  await expect(banner(page, 'auth')).toContainText('Sign in to continue.');
  await expect(banner(page, 'auth')).toContainText('saved on this device');
  expect(world.proxy.accepted).toBe(accepted);
});

test('a full disk: what waits is shown as not saved, and leaves all the same', async ({ world }) => {
  const page = await world.chrome.context.newPage();
  const session = await world.chrome.context.newCDPSession(page);
  // Before the store is opened: the browser asks once how much space there is.
  await session.send('Storage.overrideQuotaForOrigin', { origin: new URL(world.site.url()).origin, quotaSize: 1 });
  await page.goto(world.site.url('/lab'));
  await expectState(page, 'Connected');
  world.proxy.cut();
  await expectState(page, 'Reconnecting');
  await startSending(page, 30, 0);
  await expect(banner(page, 'storage')).toContainText('Not saved on this device: its storage is full');
  await expect(banner(page, 'storage')).toContainText('lost if this page is closed');
  await expect(page.getByTestId('connection-storage').first()).toContainText('Not saved on this device');
  // The update of each message comes after the state of the store.
  await expect
    .poll(async () => new Set((await labMessages(page)).map(({ durability }) => durability)))
    .toEqual(new Set(['MemoryOnly']));
  world.proxy.restore();
  await expect(page.getByTestId('lab-final')).toHaveText('30', { timeout: 40_000 });
  expect((await labMessages(page)).every((message) => message.delivery === 'Delivered')).toBe(true);
  await expect(banner(page, 'storage')).toHaveCount(0);
});

test('a newer version in another tab: this one lets go of the store and says to reload', async ({ world }) => {
  const page = await world.open('/');
  await expectState(page, 'Connected');
  const other = await world.chrome.context.newPage();
  await other.goto(world.site.url('/favicon.missing.txt'));
  // What a tab of a newer build does first.
  const upgraded = await other.evaluate(async () => {
    const known = (await indexedDB.databases()).find((database) => database.name?.startsWith('sentinelops /'));
    if (!known) return 'no database';
    const request = indexedDB.open(known.name!, known.version! + 1);
    return new Promise<string>((resolve) => {
      request.onsuccess = () => {
        request.result.close();
        resolve('upgraded');
      };
      request.onerror = () => resolve(String(request.error));
    });
  });
  expect(upgraded).toBe('upgraded');
  await expect(banner(page, 'update')).toContainText('A newer version runs in another tab.');
  await expect(banner(page, 'update')).toContainText('Reload this page');
  await expect(banner(page, 'update').getByRole('button', { name: 'Reload' })).toBeVisible();
});

test.describe('a server that forgets', () => {
  test.use({ gatewayOptions: { args: ['--rate', '2', '--seed', '9'], stores: false } });

  test('events that are gone for good: shown with the time, until dismissed; the state is right', async ({ world }) => {
    const page = await world.open('/realtime-demo');
    await expectState(page, 'Connected');
    await expect(page.getByTestId('incident-row').first()).toBeVisible();
    await expect(banner(page, 'gap')).toHaveCount(0);
    await world.gateway.kill();
    await expectState(page, 'Reconnecting');
    await world.gateway.run();
    await expectState(page, 'Connected', 35_000);
    await expect(banner(page, 'gap')).toContainText('Some events were missed');
    await expect(banner(page, 'gap')).toContainText(/between .* and /);
    const ids = await incidentIds(page);
    expect(new Set(ids).size).toBe(ids.length);
    await banner(page, 'gap').getByRole('button', { name: 'Dismiss' }).click();
    await expect(banner(page, 'gap')).toHaveCount(0);
  });
});
