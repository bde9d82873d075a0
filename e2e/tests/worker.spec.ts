// What can happen to the worker: each failure is shown on the page in time with what to do, healed where a new
// start helps, and nothing that was sent is lost.
import { type Page } from '@playwright/test';
import { banner, bannerDelay, noteBanners, pageTime } from '../lib/banners';
import { expect, expectState, test, type World } from '../lib/fixtures';
import { expectExactlyOnce, labMessages, injectFault, startSending } from '../lib/lab';

test.use({ gatewayOptions: { args: ['--rate', '2', '--seed', '5'] } });

const SEEN_WITHIN = 2_000;
const HUNG_WITHIN = 12_000;
/** How long a worker may load before it is given up (`START_MS` of the supervisor), and a little for the report. */
const STARTED_WITHIN = 30_000 + 2_000;

async function open(world: World, route = '/lab'): Promise<Page> {
  const page = await world.chrome.context.newPage();
  await noteBanners(page);
  await page.goto(world.site.url(route));
  return page;
}

function measured(what: string, ms: number): void {
  test.info().annotations.push({ type: 'measured', description: `${what} after ${Math.round(ms)} ms` });
}

/** The banner came in time and says these. */
async function expectShown(page: Page, texts: (string | RegExp)[]): Promise<void> {
  for (const text of texts) await expect(banner(page, 'worker')).toContainText(text);
  const delay = await bannerDelay(page, 'worker');
  measured('shown', delay);
  expect(delay).toBeLessThan(SEEN_WITHIN);
  await expectState(page, 'Error');
}

/** A reload: what nobody took is not dropped silently, the browser asks first; afterwards it arrives, each once. */
async function healsByReload(world: World, page: Page, count: number, reload: () => Promise<unknown>): Promise<void> {
  await startSending(page, count, 0);
  await expect.poll(async () => (await labMessages(page)).length).toBe(count);
  const sent = (await labMessages(page)).map(({ id }) => id);
  expect((await world.gateway.stats()).accepted).toBe(0);
  let dialogs = 0;
  page.on('dialog', (dialog) => {
    dialogs += 1;
    void dialog.accept();
  });
  await reload();
  await expectState(page, 'Connected');
  expect(dialogs).toBe(1);
  await expect(banner(page, 'worker')).toHaveCount(0);
  const arrived = async () => (await world.gateway.stats()).effects.map(({ id }) => id);
  await expect.poll(arrived).toEqual(sent);
  const left = await page.evaluate(() => Object.keys(sessionStorage));
  expect(left, 'kept no longer than needed').toEqual([]);
}

const MISSING: [string, RegExp][] = [
  ["the worker's script", /worker_loader-/],
  ["the worker's program", /worker_bg-/],
];
for (const [what, file] of MISSING) {
  test(`${what} is missing (404): shown within 2 s on every page; it heals by itself and nothing is lost`, async ({ world }) => {
    // How a module ends that cannot have its program.
    world.uncaught.push(/failed to fetch Wasm: 404/);
    world.site.overrides.set(file, () => ({ status: 404, headers: { 'content-type': 'text/plain' }, body: 'not found' }));
    for (const route of ['/', '/realtime-demo']) {
      const page = await open(world, route);
      await expectShown(page, [/could not be loaded/, /deployed/]);
      await page.close();
    }
    const page = await open(world);
    await expectShown(page, [/could not be loaded/, /404/, /deployed/]);
    await startSending(page, 5, 0);
    world.site.overrides.clear();
    await expectState(page, 'Connected', 35_000);
    await expect(banner(page, 'worker')).toHaveCount(0);
    await expectExactlyOnce(page, world.gateway, 5);
  });
}

test('blocked by the policy of the page: shown within 2 s with the line to change; what was sent arrives once after the reload that heals', async ({ world }) => {
  world.site.policy = (_, built) => built.replace("worker-src 'self'", "worker-src 'none'");
  world.policy.provokes(/worker-src/);
  const page = await open(world);
  await expectShown(page, ['worker-src', 'content security policy', 'reload']);
  await healsByReload(world, page, 5, () => {
    world.site.policy = (_, built) => built;
    return page.reload();
  });
});

test("blocked by the policy of the worker's own script: shown within 2 s", async ({ world }) => {
  world.site.policy = (route, built) =>
    route.includes('worker') ? built.replace("'wasm-unsafe-eval'", '') : built;
  world.policy.provokes(/script-src|unsafe-eval/);
  world.uncaught.push(/Uncaught CompileError.*Content Security policy/);
  await expectShown(await open(world), ['refused to start', /content security policy/i]);
});

test('of another build: shown within 2 s with both builds; a reload heals it, and what was sent arrives once', async ({ world }) => {
  const page = await open(world);
  await expectState(page, 'Connected');
  const build = (await page.getByTestId('lab-build').textContent()) ?? '';
  expect(build).toMatch(/^[0-9a-f]{16}$/);
  const other = build.replace(/^./, (first) => (first === '0' ? '1' : '0'));
  await page.close();
  const program = await world.site.file('worker_bg-');
  world.site.overrides.set(/worker_bg-/, () => {
    const body = Buffer.from(program);
    for (let at = body.indexOf(build); at >= 0; at = body.indexOf(build)) body.write(other, at);
    return { status: 200, headers: { 'content-type': 'application/wasm' }, body };
  });
  // A cache that has the right file would never ask for the wrong one.
  await world.forgetFiles();
  const old = await open(world);
  await expectShown(old, ['another build', other, 'reload']);
  await healsByReload(world, old, 5, () => {
    world.site.overrides.clear();
    return banner(old, 'worker').getByRole('button', { name: 'Reload' }).click();
  });
});

test('panicked while sending: shown within 2 s, started again, 100 sends exactly once', async ({ world }) => {
  const page = await open(world);
  await expectState(page, 'Connected');
  await startSending(page, 100, 20);
  await expect.poll(async () => (await world.gateway.stats()).accepted, { intervals: [50] }).toBeGreaterThan(20);
  const at = await pageTime(page);
  // What still reaches the instance panics, too: it is stopped in the middle of something.
  world.uncaught.push(/./);
  await injectFault(page, 'panic');
  const delay = await bannerDelay(page, 'worker', at);
  measured('shown', delay);
  expect(delay).toBeLessThan(SEEN_WITHIN);
  await expectState(page, 'Connected');
  await expect(banner(page, 'worker')).toHaveCount(0);
  measured('connected again', (await pageTime(page)) - at);
  await expectExactlyOnce(page, world.gateway, 100);
});

test('hung while sending: shown within 12 s, ended and started again, 100 sends exactly once', async ({ world }) => {
  const page = await open(world);
  await expectState(page, 'Connected');
  await startSending(page, 100, 50);
  await expect.poll(async () => (await world.gateway.stats()).accepted, { intervals: [50] }).toBeGreaterThan(20);
  const at = await pageTime(page);
  await injectFault(page, 'hang');
  const delay = await bannerDelay(page, 'worker', at);
  measured('shown', delay);
  expect(delay).toBeLessThan(HUNG_WITHIN);
  await expectState(page, 'Connected');
  await expect(banner(page, 'worker')).toHaveCount(0);
  await expectExactlyOnce(page, world.gateway, 100);
});

test('hung at its very start: shown within 12 s, ended when its time to load is over', { tag: '@waits' }, async ({ world }) => {
  world.site.configure({ url: world.proxy.url, workerUrl: `${await world.site.workerAddress()}#hang` });
  const page = await open(world);
  await expect(banner(page, 'worker')).toContainText('has not started after 10 seconds', { timeout: 15_000 });
  const delay = await bannerDelay(page, 'worker');
  measured('shown', delay);
  expect(delay).toBeLessThan(HUNG_WITHIN);
  // Until here it may have been the network.
  await expect(banner(page, 'worker')).toContainText('did not start in time', { timeout: STARTED_WITHIN });
  await expectState(page, 'Error');
});

test('the store dies while sending: opened again, 60 sends exactly once, all saved', async ({ world }) => {
  const page = await open(world);
  await expectState(page, 'Connected');
  await startSending(page, 60, 20);
  await expect.poll(async () => (await world.gateway.stats()).accepted, { intervals: [50] }).toBeGreaterThan(10);
  await injectFault(page, 'dead-store');
  await expectExactlyOnce(page, world.gateway, 60);
  await expect(page.getByTestId('connection-storage').first()).toContainText('Saved on this device');
});

test('a panic of the page: a reload screen instead of a dead page; after it, what was sent arrives once', async ({ world }) => {
  const page = await open(world);
  await expectState(page, 'Connected');
  world.proxy.cut();
  await expectState(page, 'Reconnecting');
  await startSending(page, 20, 0);
  await expect
    .poll(async () => (await labMessages(page)).filter((message) => message.durability === 'Durable').length)
    .toBe(20);
  world.uncaught.push(/./);
  await page.getByTestId('lab-panic').click();
  const screen = page.locator('#sentinelops-panic');
  await expect(screen).toContainText('This page has stopped working');
  await expect(screen).toContainText('a test asked the page to panic');
  await expect(page.getByTestId('lab-panic')).toHaveCount(0);
  await page.screenshot({ path: test.info().outputPath('panic.png') });
  world.proxy.restore();
  await screen.getByRole('link', { name: 'Reload the page' }).click();
  await expectState(page, 'Connected', 35_000);
  await expect.poll(async () => (await world.gateway.stats()).accepted).toBe(20);
  expect(Object.values((await world.gateway.stats()).perId).every((count) => count === 1)).toBe(true);
});
