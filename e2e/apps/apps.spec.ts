// Apps that take the library, as their people serve and open them: incidents appear and go on.
import { expect, test } from '@playwright/test';
import { RealBrowser } from '../lib/browser';
import { expectState } from '../lib/fixtures';
import { Gateway } from '../lib/gateway';
import { PolicyWatch } from '../lib/policy';
import { Site } from '../lib/site';
import { collectLines, uncaught } from '../lib/uncaught';

const { SENTINELOPS_APPS: APPS, SENTINELOPS_BUILT_APPS: BUILT, SENTINELOPS_GATEWAY_COMMAND: COMMAND } = process.env;
if (!APPS || !BUILT || !COMMAND) throw new Error('no apps are served: `cargo xtask test wasm` does that and then runs this');

/** What the console says of an app whose connection runs in the page. */
const IN_PAGE = /\[sentinelops\] in_page:/;

for (const { name, url, worker } of JSON.parse(APPS) as { name: string; url: string; worker: boolean }[]) {
  test(`${name}: incidents appear; the server goes and comes: Reconnecting, then on, nothing twice`, async () => {
    const gateway = await Gateway.start({ command: COMMAND });
    // What the app dials as it stands in its source is a server of ours on a port that was free.
    const chrome = await RealBrowser.start([`--host-resolver-rules=MAP localhost:3001 127.0.0.1:${gateway.port}`]);
    const lines: string[] = [];
    try {
      await collectLines(chrome.context, lines);
      const page = await chrome.context.newPage();
      await page.goto(url);
      const rows = page.locator('li');
      await expect(rows.first()).toBeVisible();
      await expectState(page, 'Connected');
      // With the style sheet that the page adopts.
      await expect(page.getByTestId('connection-status')).toHaveCSS('display', 'inline-flex');
      // The worker that the page names, or the one of the default name, or none.
      const meta = page.locator('meta[name=sentinelops-worker]');
      const named = (await meta.count()) ? (await meta.getAttribute('content'))! : 'worker_loader.js';
      expect(page.workers().map((found) => found.url())).toEqual(worker ? [new URL(named, url).href] : []);
      expect(lines.some((line) => IN_PAGE.test(line)), 'the warning of in_page').toBe(!worker);

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
      expect(uncaught(lines)).toEqual([]);
    } finally {
      await Promise.allSettled([chrome.stop(), gateway.stop()]);
    }
  });
}

for (const { name, dist, worker } of JSON.parse(BUILT) as { name: string; dist: string; worker: boolean }[]) {
  test(`${name}, deployed under the policy: dials the configured address, incidents appear`, async () => {
    const gateway = await Gateway.start({ command: COMMAND, args: ['--rate', '0'] });
    const site = await Site.start({}, dist);
    // Added as in a deployed page: an app that reads it there finds this server, and no other does.
    const meta = `<meta name="sentinelops-url" content="ws://localhost:${gateway.port}">`;
    site.rewrites.set(/index\.html$/, (content) => Buffer.from(content.toString().replace('<title>', `${meta}<title>`)));
    const chrome = await RealBrowser.start();
    try {
      const policy = new PolicyWatch();
      site.onReport = (text) => policy.note('report', text);
      await policy.attach(chrome.context);
      const lines: string[] = [];
      await collectLines(chrome.context, lines);
      const page = await chrome.context.newPage();
      await page.goto(site.url());
      await expectState(page, 'Connected');
      await expect(page.locator('li').first()).toBeVisible();
      await expect(page.getByTestId('connection-status')).toHaveCSS('display', 'inline-flex');
      expect(page.workers().length).toBe(worker ? 1 : 0);
      if (worker) {
        await page.getByRole('button', { name: 'Resolve inc-1012' }).click();
        await expect(page.getByText('delivered')).toBeVisible();
        await expect(page.getByText('Resolved: inc-1012')).toBeVisible();
        expect((await gateway.stats()).effects.map(({ type }) => type)).toEqual(['incident.update']);
      }
      expect(await policy.faults([page], site.url())).toEqual([]);
      expect(uncaught(lines)).toEqual([]);
    } finally {
      await Promise.allSettled([chrome.stop(), site.stop(), gateway.stop()]);
    }
  });
}
