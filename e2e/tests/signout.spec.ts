// The end of a session: what becomes of unsent messages is asked in one tab, and all receive the end.
import type { Page } from '@playwright/test';
import { expect, expectState, test, type World } from '../lib/fixtures';
import { labMessages, startSending } from '../lib/lab';
import { awayAndBack } from '../lib/lifecycle';

test.use({ gatewayOptions: { args: ['--rate', '2', '--seed', '31'] } });

const UNSENT = 5;

/** A tab with messages that are saved and cannot leave, and one with the console, asked to sign out. */
async function signingOut(world: World): Promise<{ lab: Page; page: Page }> {
  const lab = await world.open('/lab');
  await expectState(lab, 'Connected');
  const page = await world.open('/');
  await expectState(page, 'Connected');
  world.proxy.cut();
  await startSending(lab, UNSENT, 0);
  const saved = async () => (await labMessages(lab)).filter(({ durability }) => durability === 'Durable').length;
  await expect.poll(saved).toBe(UNSENT);
  await page.bringToFront();
  await page.getByTestId('sign-out').click();
  await expect(page.getByTestId('sign-out-unsent')).toContainText(`${UNSENT} messages have not arrived yet`);
  return { lab, page };
}

/** What this browser keeps: databases and names. */
function kept(page: Page): Promise<{ databases: string[]; names: string[] }> {
  return page.evaluate(async () => ({
    databases: (await indexedDB.databases()).map(({ name }) => name!).filter((name) => name.startsWith('sentinelops')),
    names: Object.keys(localStorage).filter((name) => name.startsWith('sentinelops-')),
  }));
}

/** The page's own focus: the window of a headless browser may have none. */
function focused(page: Page): Promise<string | null | undefined> {
  return page.evaluate(() => document.activeElement?.getAttribute('data-testid'));
}

async function expectOver(pages: Page[]): Promise<void> {
  for (const page of pages) await expect(page.getByTestId('signed-out')).toBeVisible({ timeout: 30_000 });
}

test('keep: both tabs end, and what was kept leaves at the next sign-in, once', async ({ world }) => {
  const { lab, page } = await signingOut(world);
  const ids = (await labMessages(lab)).map(({ id }) => id);
  await page.getByTestId('sign-out-keep').click();
  await expectOver([lab, page]);
  world.proxy.restore();
  await expect.poll(async () => (await world.gateway.stats()).connections).toBe(0);
  expect((await world.gateway.stats()).accepted).toBe(0);
  await page.getByTestId('sign-in-again').click();
  await expectState(page, 'Connected');
  await expect.poll(async () => (await world.gateway.stats()).effects.map(({ id }) => id).sort()).toEqual(ids.sort());
});

test('delete: asked twice; afterwards nothing of the user is on this device', async ({ world }) => {
  const { lab, page } = await signingOut(world);
  // The outbox, and the last state of what was on the board.
  await expect.poll(async () => (await kept(page)).databases.length).toBe(2);
  expect((await kept(page)).names).toHaveLength(1);
  await page.getByTestId('sign-out-wipe').click();
  await expect(page.getByTestId('sign-out-lost')).toContainText(`${UNSENT} messages not yet sent will be lost`);
  await page.getByTestId('sign-out-delete').click();
  await expectOver([lab, page]);
  await expect.poll(() => kept(page)).toEqual({ databases: [], names: [] });
  world.proxy.restore();
  await page.getByTestId('sign-in-again').click();
  await expectState(page, 'Connected');
  expect((await world.gateway.stats()).accepted).toBe(0);
});

test('send first: it waits for the connection, shows how far it is, and ends when all has arrived', async ({ world }) => {
  const { lab, page } = await signingOut(world);
  const ids = (await labMessages(lab)).map(({ id }) => id);
  await page.getByTestId('sign-out-send').click();
  await expect(page.getByTestId('sign-out-progress')).toContainText(`${UNSENT} messages to go, and no connection`);
  await expect(page.getByTestId('signed-out')).toHaveCount(0);
  world.proxy.restore();
  await expectOver([lab, page]);
  const { effects } = await world.gateway.stats();
  expect(effects.map(({ id }) => id).sort()).toEqual(ids.sort());
});

test('Escape closes the question, and the focus is back where it came from', async ({ world }) => {
  const { page } = await signingOut(world);
  await expect(page.getByRole('dialog', { name: 'Sign out' })).toBeVisible();
  await expect.poll(() => focused(page)).toBe('sign-out-send');
  await page.keyboard.press('Escape');
  await expect(page.getByRole('dialog')).toHaveCount(0);
  await expect.poll(() => focused(page)).toBe('sign-out');
  // Nothing was decided.
  await expect(page.getByTestId('signed-out')).toHaveCount(0);
});

test('a tab that was in the bfcache while another one signed out has ended, too, when it comes back', async ({ world }) => {
  const page = await world.open('/');
  const away = await world.open('/lab');
  for (const tab of [page, away]) await expectState(tab, 'Connected');
  await awayAndBack(world, away, async () => {
    await page.bringToFront();
    await page.getByTestId('sign-out').click();
    await page.getByTestId('sign-out-keep').click();
    await expectOver([page]);
  });
  await expectOver([away]);
  await expect.poll(async () => (await world.gateway.stats()).connections).toBe(0);
});
