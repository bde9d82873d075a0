// The laboratory at /realtime-demo: each fault is pressed once while messages are sent, and its verdict is read. The names are
// those of the faults that other tests bring about: there is one implementation (crates/realtime/src/worker/faults).
import { type Page } from '@playwright/test';
import { violationsAtTop } from '../lib/axe';
import { expect, expectState, test } from '../lib/fixtures';

test.use({ gatewayOptions: { args: ['--rate', '5', '--seed', '17'] } });

/** Of a worker that is killed; a message that reaches it before its end panics once more. */
const CRASH = /Uncaught in a worker: Uncaught RuntimeError: unreachable|RefCell already borrowed/;

async function say(page: Page, text: string): Promise<void> {
  const chat = page.getByTestId('chat-panel');
  await chat.getByTestId('chat-input').fill(text);
  await chat.getByTestId('chat-send').click();
}

async function laboratory(open: (route: string) => Promise<Page>): Promise<Page> {
  const page = await open('/realtime-demo');
  await expectState(page, 'Connected');
  await expect(page.getByTestId('scoreboard-check')).toHaveAttribute('data-check', 'counted');
  return page;
}

/** They happen once: one that was noticed and healed before the message was sent says that nothing was. */
const ONCE = ['Drop', 'Planned restart', 'Expired token', 'Dead store', 'Kill the worker', 'Hang the worker'];

const LEADER = 'Kill the leading tab';

const fault = (page: Page, name: string) => page.locator(`[data-testid=break-fault][data-fault="${name}"]`);
const verdict = (page: Page) => page.getByTestId('break-verdict').first();

test('each fault, pressed once, is judged: everything is delivered once', { tag: '@waits' }, async ({ world }) => {
  test.setTimeout(600_000);
  world.uncaught.push(CRASH);
  const page = await laboratory(world.open);
  const names = await page.getByTestId('break-fault').evaluateAll((all) => all.map((one) => one.getAttribute('data-fault')!));
  expect(names).toHaveLength(17);
  // It ends the tab that leads, which is this one; see below.
  await expect(fault(page, LEADER)).toBeDisabled();
  for (const name of names.filter((name) => name !== LEADER)) {
    await say(page, `before ${name}`);
    await fault(page, name).click();
    await say(page, `during ${name}`);
    await expect(verdict(page), name).toContainText(name, { timeout: 90_000 });
    const kept = ONCE.includes(name) ? /all delivered once|nothing was sent meanwhile/ : /all delivered once/;
    await expect(verdict(page), name).toContainText(kept);
    await expect(verdict(page)).toHaveAttribute('data-state', 'kept');
    await expectState(page, 'Connected', 35_000);
  }
  await expect(page.getByTestId('scoreboard-verdict')).toHaveText('Every promise kept');
  await expect(page.getByTestId('score-open')).toHaveText('0');
});

test('a zombie is noticed, a message waits meanwhile; switched off by hand, and by Reset all', { tag: '@waits' }, async ({ world }) => {
  test.setTimeout(120_000);
  const page = await laboratory(world.open);
  await page.locator('[data-testid=break-duration][value="0"]').check();
  await fault(page, 'Zombie').click();
  await expect(fault(page, 'Zombie')).toHaveAttribute('aria-pressed', 'true');
  await say(page, 'meanwhile');
  await expect(page.getByTestId('score-open')).toHaveText('1');
  await expect(page.locator('.plot__fault').first()).toHaveAttribute('d', /^M/);
  await expectState(page, 'Reconnecting', 60_000);
  expect(await violationsAtTop(page)).toEqual([]);
  await fault(page, 'Zombie').click();
  await expect(verdict(page)).toContainText(/^Zombie \d+ s: noticed after \d+\.\d s, 1 message waited, all delivered once$/, { timeout: 60_000 });

  await fault(page, 'Offline').click();
  await fault(page, 'Full disk').click();
  await expect(page.getByTestId('connection-storage').first()).toBeVisible();
  await page.getByTestId('break-reset').click();
  for (const name of ['Offline', 'Full disk']) await expect(fault(page, name)).toHaveAttribute('aria-pressed', 'false');
  await expectState(page, 'Connected', 35_000);
  await page.setViewportSize({ width: 360, height: 740 });
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(360);
  expect(await violationsAtTop(page)).toEqual([]);
});

test('the leading tab is killed from another one, which takes over; the killed one stays dead until it is reloaded', async ({ world }) => {
  test.setTimeout(150_000);
  const leading = await laboratory(world.open);
  const other = await laboratory(world.open);
  const roles = (page: Page) => page.getByTestId('inspector-tab').evaluateAll((all) => all.map((tab) => `${tab.dataset.role} ${tab.dataset.this}`));
  await expect.poll(() => roles(other)).toEqual(['leader false', 'follower true']);
  await say(other, 'before the end of the leader');
  const accepted = world.proxy.accepted;
  await fault(other, LEADER).click();
  await say(other, 'after the end of the leader');
  await expect(leading.getByRole('alert')).toContainText('This tab was ended');
  await expect.poll(() => roles(other), { timeout: 15_000 }).toEqual(['leader true']);
  await expect(verdict(other)).toContainText(/all delivered once|nothing was sent meanwhile/, { timeout: 30_000 });
  await expect(other.getByTestId('score-once')).toHaveText('2', { timeout: 30_000 });
  await expect(verdict(other)).toHaveAttribute('data-state', 'kept');
  expect(world.proxy.accepted).toBe(accepted + 1);
  expect(await roles(other)).toEqual(['leader true']);
  // A page that is not in front shows nothing new.
  await leading.bringToFront();
  await leading.getByRole('link', { name: 'Reload the page' }).click();
  await expectState(leading, 'Connected');
  await expect.poll(() => roles(leading)).toEqual(['leader false', 'follower true']);
});

/** A small seeded generator (mulberry32): the same faults at every run. */
function drawing(seed: number): () => number {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

test('ten minutes of random faults, two at a time: the scoreboard stays green', { tag: '@long' }, async ({ world }) => {
  test.setTimeout(15 * 60_000);
  world.uncaught.push(CRASH);
  const seed = Number(process.env.E2E_SEED ?? 1);
  const draw = drawing(seed);
  const page = await laboratory(world.open);
  const all = await page.getByTestId('break-fault').evaluateAll((all) => all.map((one) => one.getAttribute('data-fault')!));
  const names = all.filter((name) => name !== LEADER);
  const end = Date.now() + 10 * 60_000;
  const pressed: string[] = [];
  while (Date.now() < end) {
    const two = [names[Math.floor(draw() * names.length)]!, names[Math.floor(draw() * names.length)]!];
    const known = await verdict(page).count() ? await verdict(page).getAttribute('data-number') : '0';
    for (const name of new Set(two)) {
      await say(page, `before ${name} ${pressed.length}`);
      await fault(page, name).click();
      pressed.push(name);
      await say(page, `during ${name} ${pressed.length}`);
    }
    const judged = async () => Number(await verdict(page).getAttribute('data-number')) - Number(known);
    await expect.poll(judged, { message: `no verdicts for ${two} (seed ${seed})`, timeout: 150_000 }).toBe(new Set(two).size);
    await expect(page.getByTestId('scoreboard-verdict'), `after ${pressed} (seed ${seed})`).toHaveText('Every promise kept');
  }
  await expect(page.getByTestId('score-open')).toHaveText('0', { timeout: 60_000 });
  expect(Number(await page.getByTestId('score-once').textContent())).toBeGreaterThanOrEqual(2 * pressed.length);
});
