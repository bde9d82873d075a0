// Who else has an incident open.
import type { Page } from '@playwright/test';
import { expect, expectState, test } from '../lib/fixtures';

test.use({ gatewayOptions: { args: ['--rate', '0', '--seed', '5'] } });

const INCIDENT = '/?incident=inc-1005';

test('two people on one incident see each other; the one who leaves is gone soon after', { tag: '@waits' }, async ({ world }) => {
  const configureAs = (user: string) => world.site.configure({ url: `${world.gateway.url}/?user=${user}` });
  const viewers = (page: Page) => page.getByTestId('incident-detail').getByTestId('viewers');
  configureAs('ann');
  const ann = await world.open(INCIDENT);
  await expectState(ann, 'Connected');
  await expect(ann.getByTestId('incident-detail')).toBeVisible();
  await expect(viewers(ann)).toHaveCount(0);

  configureAs('bob');
  // A window of its own: a page behind another one is hidden, and reports nothing.
  const other = await world.chrome.browser.newContext();
  try {
    const bob = await other.newPage();
    await bob.goto(world.site.url(INCIDENT));
    await expectState(bob, 'Connected');
    for (const [page, who] of [[ann, 'bob'], [bob, 'ann']] as const) {
      await expect(viewers(page)).toHaveText(`${who} is viewing`, { timeout: 20_000 });
    }
    await bob.getByTestId('detail-close').click();
    await expect(bob.getByTestId('incident-detail')).toHaveCount(0);
    // A viewer counts for 25 s.
    await expect(viewers(ann)).toHaveCount(0, { timeout: 40_000 });
  } finally {
    await other.close();
  }
});
