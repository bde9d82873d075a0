// 5,000 alerts fire while the console is open: it shows them, counts them, and still answers.
import { rmSync } from 'node:fs';
import type { Page } from '@playwright/test';
import { violations } from '../lib/axe';
import { expect, expectState, test as base } from '../lib/fixtures';
import { postAll, type Reported, source } from '../lib/ingest';
import { Cost } from '../lib/cost';

const ALERTS = 5_000;
/** In one body, as a source sends them that knows that many. */
const IN_A_BODY = 250;

const test = base.extend<{ folder: ReturnType<typeof source> }>({
  folder: async ({}, use) => {
    const folder = source('incident = "alert"');
    await use(folder);
    rmSync(folder.dir, { recursive: true, force: true });
  },
  gatewayOptions: async ({ folder }, use) => use({ args: ['--rate', '0', '--seed', '7', '--config', folder.config] }),
});

/** Nothing of one is in the name of another. */
const name = (n: number) => `host-${String(n).padStart(5, '0')}`;

const STORM: Reported[] = Array.from({ length: ALERTS }, (_, n) => ({
  fingerprint: `storm-${n}`,
  labels: { alertname: 'DiskFull', instance: name(n), job: 'node', cluster: `eu-${n % 7}`, severity: n % 2 ? 'critical' : 'high' },
  annotations: { summary: `Disk of ${name(n)} is full`, description: 'Less than 2 % of the space of / is free. '.repeat(4) },
}));

/** The number a panel's heading begins with. */
async function counted(page: Page, panel: string): Promise<number> {
  return Number.parseInt((await page.getByTestId(panel).locator('.panel__count').textContent()) ?? '', 10);
}

test('5,000 firing alerts: all are counted and can be reached, and the page answers meanwhile', { tag: '@storm' }, async ({ world }) => {
  test.setTimeout(300_000);
  await Cost.prepare(world.chrome.context);
  const page = await world.open('/?group=off');
  await page.setViewportSize({ width: 1440, height: 900 });
  await expectState(page, 'Connected');
  await expect(page.getByTestId('alert').first()).toBeVisible();
  const [incidents, alerts] = [await counted(page, 'incidents-panel'), await counted(page, 'alerts-panel')];
  const cost = await Cost.watch(page);
  const before = await cost.figures();

  const began = new Date();
  const posted = postAll(world.gateway, 'firing', STORM, began, IN_A_BODY);
  // While they come in, what a person types is answered.
  const search = page.getByTestId('incident-search');
  await expect.poll(() => counted(page, 'incidents-panel')).toBeGreaterThan(incidents + IN_A_BODY);
  await search.fill(name(17));
  await expect(page.getByTestId('incident-row')).toHaveCount(1);
  const meanwhile = await counted(page, 'alerts-panel');
  await search.fill('');
  await posted;
  await expect(page.getByTestId('alerts-panel').locator('.panel__count')).toHaveText(`${alerts + ALERTS} firing`, { timeout: 120_000 });
  await expect(page.getByTestId('incidents-panel').locator('.panel__count')).toHaveText(`${incidents + ALERTS} open`, { timeout: 120_000 });
  const storm = await cost.figures();

  // The document holds what can be seen, not what there is.
  expect(storm.nodes).toBeLessThan(ALERTS * 2);
  expect(storm.busy, 'ms in long tasks, of those of the storm').toBeLessThan(storm.elapsed);

  // The whole list can be reached, and says how long it is.
  const list = page.getByTestId('incident-list');
  await list.evaluate((rows) => rows.parentElement!.scrollTo({ top: rows.scrollHeight }));
  const last = page.getByTestId('incident-row').last();
  await expect(last).toHaveAttribute('aria-posinset', String(incidents + ALERTS));
  await expect(last).toHaveAttribute('aria-setsize', String(incidents + ALERTS));

  // Some of the alerts are shown, with how many there are; the next part is a press away.
  const shown = page.getByTestId('alerts-panel').getByTestId('alert');
  const first = await shown.count();
  expect(first).toBeLessThan(ALERTS / 10);
  const more = page.getByTestId('alerts-panel').getByTestId('alerts-more');
  await expect(more).toContainText(`${alerts + ALERTS - first} more are not shown`);
  await more.getByRole('button').press('Enter');
  await expect(shown).not.toHaveCount(first);
  await expect(more).toContainText(`${alerts + ALERTS - (await shown.count())} more are not shown`);

  // Filter, open, resolve.
  await search.fill(name(4_321));
  const row = page.getByTestId('incident-row');
  await expect(row).toHaveCount(1);
  await expect(page.getByTestId('incidents-panel').locator('.panel__count')).toHaveText(/^1 of /);
  await row.getByRole('button').click();
  const detail = page.getByTestId('incident-detail');
  await expect(detail.getByTestId('detail-title')).toHaveText(`Disk of ${name(4_321)} is full`);
  await expect(detail.getByTestId('incident-alerts').getByTestId('alert')).toHaveCount(1);
  await search.fill('');
  await postAll(world.gateway, 'resolved', [STORM[4_321]!], began, IN_A_BODY);
  await expect(detail.getByTestId('incident-status')).toHaveText('Resolved');
  await expect(page.getByTestId('alerts-panel').locator('.panel__count')).toHaveText(`${alerts + ALERTS - 1} firing`);
  await expect(page.getByTestId('incidents-panel').locator('.panel__count')).toHaveText(`${incidents + ALERTS - 1} open`);
  const after = await cost.figures();
  expect(await violations(page)).toEqual([]);
  await page.screenshot({ path: test.info().outputPath('storm.png') });

  // What the storm brought goes with it.
  await postAll(world.gateway, 'resolved', STORM, began, IN_A_BODY);
  await expect(page.getByTestId('alerts-panel').locator('.panel__count')).toHaveText(`${alerts} firing`, { timeout: 120_000 });
  await expect(page.getByTestId('incidents-panel').locator('.panel__count')).toHaveText(`${incidents} open`, { timeout: 120_000 });
  const gone = await cost.figures();
  test.info().annotations.push({ type: 'measured', description: JSON.stringify({ before, meanwhile, storm, after, gone }) });
});
