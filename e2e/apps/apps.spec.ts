// Apps that take the library, as their people serve and open them: incidents appear and go on.
import { expect, test } from '@playwright/test';
import { RealBrowser } from '../lib/browser';
import { expectState } from '../lib/fixtures';
import { Gateway } from '../lib/gateway';

const { SENTINELOPS_APPS: APPS, SENTINELOPS_GATEWAY_COMMAND: COMMAND } = process.env;
if (!APPS || !COMMAND) throw new Error('no apps are served: `cargo xtask test wasm` does that and then runs this');

for (const { name, url } of JSON.parse(APPS) as { name: string; url: string }[]) {
  test(`${name}: incidents appear; the server goes and comes: Reconnecting, then on, nothing twice`, async () => {
    const gateway = await Gateway.start({ command: COMMAND });
    // What the app dials as it stands in its source is a server of ours on a port that was free.
    const chrome = await RealBrowser.start([`--host-resolver-rules=MAP localhost:3001 127.0.0.1:${gateway.port}`]);
    try {
      const page = await chrome.context.newPage();
      await page.goto(url);
      const rows = page.locator('li');
      await expect(rows.first()).toBeVisible();
      await expectState(page, 'Connected');
      // With the style sheet the page names.
      await expect(page.getByTestId('connection-status')).toHaveCSS('display', 'inline-flex');
      // The worker is the one the page names.
      const named = await page.locator('meta[name=sentinelops-worker]').getAttribute('content');
      expect(page.workers().map((worker) => worker.url())).toEqual([new URL(named!, url).href]);

      await gateway.publishIncident('Seen live');
      const seen = rows.filter({ hasText: 'Seen live' });
      await expect(seen).toHaveCount(1);
      await gateway.kill();
      await expectState(page, 'Reconnecting');
      await gateway.run();
      await expectState(page, 'Connected', 35_000);
      await gateway.publishIncident('Seen after the restart');
      await expect(rows.filter({ hasText: 'Seen after the restart' })).toHaveCount(1);
      await expect(seen).toHaveCount(1);
    } finally {
      await Promise.allSettled([chrome.stop(), gateway.stop()]);
    }
  });
}
