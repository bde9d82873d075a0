// The gateway serves the console itself: one program is the whole product. Its pages need no --origin.
import { cp, readFile, rm, writeFile } from 'node:fs/promises';
import { mkdtempSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { DIST } from '../lib/env';
import { expect, expectState, test as base } from '../lib/fixtures';
import { SignInService } from '../lib/sign-in';

const open = base.extend({
  gatewayOptions: async ({}, use) => use({ args: ['--rate', '5', '--seed', '7', '--serve', DIST] }),
});

open('its page connects to it under the strict policy, on both routes', async ({ world }) => {
  const own = `http://127.0.0.1:${world.gateway.port}`;
  for (const route of ['/', '/realtime-demo']) {
    const page = await world.chrome.context.newPage();
    const answer = await page.goto(own + route);
    expect(answer!.headers()['content-security-policy'], route).toContain("default-src 'none'; script-src 'self'");
    await expectState(page, 'Connected');
    await expect(page.getByTestId('incident-row').first()).toBeVisible();
    await page.close();
  }
  expect((await world.gateway.stats()).connectionsEver).toBeGreaterThanOrEqual(2);
  expect(world.site.dialled, 'no other server is dialled').toEqual([]);
});

const guarded = base.extend<{ signIn: SignInService; dist: string }>({
  signIn: async ({}, use) => use(new SignInService()),
  dist: async ({ signIn }, use) => {
    const dist = mkdtempSync(path.join(os.tmpdir(), 'sentinelops-dist-'));
    await cp(DIST, dist, { recursive: true });
    // As an operator edits it.
    const file = path.join(dist, 'index.html');
    const page = await readFile(file, 'utf8');
    const config = JSON.stringify({ token: signIn.make('ann'), options: { tokenIn: 'frame' } });
    await writeFile(file, page.replace(/(id="?sentinelops-config"?[^>]*>)[^<]*/, `$1${config}`));
    await use(dist);
    await rm(dist, { recursive: true, force: true });
  },
  gatewayOptions: async ({ signIn, dist }, use) =>
    use({ args: [...signIn.flags(), '--rate', '5', '--seed', '7', '--serve', dist], checksTokens: true, stores: false }),
});

guarded('its page may connect with a token, a page of another name may not', async ({ world }) => {
  const page = await world.chrome.context.newPage();
  await page.goto(`http://127.0.0.1:${world.gateway.port}/`);
  await expectState(page, 'Connected');
  await expect(page.getByTestId('incident-row').first()).toBeVisible();
  expect(world.gateway.log).toContain('is "ann"');
  const foreign = await page.evaluate(
    (port) =>
      new Promise((resolve) => {
        const socket = new WebSocket(`ws://localhost:${port}/ws`);
        socket.onclose = (event) => resolve(event.code);
      }),
    world.gateway.port,
  );
  expect(foreign, 'another host than the one of the page').toBe(4403);
});
