// The pictures of README and documentation: console and demo in both themes at three widths, the wall on a large screen.
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Page } from '@playwright/test';
import { ROOT } from '../lib/env';
import { expect, expectState, test } from '../lib/fixtures';

test.use({ gatewayOptions: { args: ['--rate', '0', '--seed', '5'] } });

const SIZES = [[360, 780], [1440, 900], [2560, 1440]] as const;
/** As small as letters stay sharp. */
const QUALITY = 72;

async function take(page: Page, name: string): Promise<void> {
  // What moves has come to rest, and the letters are those of the build.
  await page.evaluate(async () => {
    // The focus of the keys that led here is not part of the picture.
    (document.activeElement as HTMLElement | null)?.blur();
    await document.fonts.ready;
  });
  const session = await page.context().newCDPSession(page);
  const { data } = await session.send('Page.captureScreenshot', { format: 'webp', quality: QUALITY });
  await session.detach();
  await writeFile(path.join(ROOT, 'docs/images', `${name}.webp`), Buffer.from(data, 'base64'));
}

test('wall, light and dark', async ({ world }) => {
  world.site.configure({ url: `${world.gateway.url}/?user=agent-2`, user: 'agent-2' });
  for (const theme of ['light', 'dark']) {
    // The fonts are in the cache from the second visit on.
    for (const _ of [1, 2]) {
      const page = await world.open(`/wall?theme=${theme}`);
      await page.setViewportSize({ width: 2560, height: 1440 });
      await expect(page.getByTestId('wall-age')).toHaveAttribute('data-age', 'live');
      await expect(page.getByTestId('wall-row')).toHaveCount(8);
      await take(page, `wall-${theme}-2560`);
      await page.close();
    }
  }
});

test('console and demo, light and dark', async ({ world }) => {
  world.site.configure({ url: `${world.gateway.url}/?user=agent-2`, user: 'agent-2' });
  // The fonts are in the cache from the second visit on.
  const first = await world.open('/?incident=inc-1005');
  await expectState(first, 'Connected');
  await first.close();
  const pages = { console: await world.open('/?incident=inc-1012'), demo: await world.open('/realtime-demo') };
  for (const [name, page] of Object.entries(pages)) {
    await page.bringToFront();
    await page.emulateMedia({ reducedMotion: 'reduce' });
    await expectState(page, 'Connected');
    await expect(page.getByTestId('incident-row').first()).toBeVisible();
    for (const [width, height] of SIZES) {
      await page.setViewportSize({ width, height });
      // A phone shows the list: the detail would cover it.
      if (name === 'console' && width === 360) await page.getByTestId('detail-close').press('Enter');
      for (const colorScheme of ['light', 'dark'] as const) {
        await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
        await expect(page.getByTestId('loading')).toHaveCount(0);
        await page.mouse.move(0, height - 1);
        await take(page, `${name}-${colorScheme}-${width}`);
      }
      if (name === 'console' && width === 360) {
        await page.locator('[data-incident-id="inc-1012"] > button').press('Enter');
        await expect(page.getByTestId('incident-detail')).toBeVisible();
      }
    }
  }
});
