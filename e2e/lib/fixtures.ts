// What a test gets: a browser, a site, a gateway, pages; and what stays behind when it fails.
import { writeFile } from 'node:fs/promises';
import { test as base, type BrowserContext, expect, type Page } from '@playwright/test';
import { Browsers, type RealBrowser } from './browser';
import { Gateway, type GatewayOptions } from './gateway';
import { PolicyWatch } from './policy';
import { SNAPSHOTS } from './env';
import { FaultProxy } from './proxy';
import { Site } from './site';
import { undocumented } from './testids';
import { collectLines, uncaught } from './uncaught';

export interface World {
  chrome: RealBrowser;
  gateway: Gateway;
  proxy: FaultProxy;
  site: Site;
  /** Opens a page of the site. */
  open(route?: string): Promise<Page>;
  /** Empties the browser's cache, which keeps the files of a build for ever. */
  forgetFiles(): Promise<void>;
  /** Console lines of all pages and their workers. */
  console: string[];
  /** What browsers say against the policy: nothing, or the test fails. */
  policy: PolicyWatch;
  /** Uncaught errors and rejections that the test provokes, on a page or in a worker. Any other one fails it. */
  uncaught: RegExp[];
}

interface Options {
  world: World;
  gatewayOptions: GatewayOptions;
  config: object;
}

export const test = base.extend<Options, { browsers: Browsers }>({
  browsers: [
    async ({}, use) => {
      const browsers = new Browsers();
      await use(browsers);
      await browsers.stop();
    },
    { scope: 'worker' },
  ],
  gatewayOptions: [{}, { option: true }],
  config: [{}, { option: true }],
  world: async ({ browsers, gatewayOptions, config }, use, info) => {
    let port = 0;
    const proxy = await FaultProxy.start(() => port);
    const site = await Site.start({ url: proxy.url, ...config });
    const origins = [...['plain.test', '127.0.0.1'].map((host) => new URL(site.url('/', host)).origin), ...(gatewayOptions.origins ?? [])];
    const [chrome, gateway] = await Promise.all([browsers.take(), Gateway.start({ ...gatewayOptions, origins })]);
    port = gateway.port;
    const lines: string[] = [];
    const policy = new PolicyWatch();
    site.onReport = (text) => policy.note('report', text);
    const listen = async (context: BrowserContext) => {
      await collectLines(context, lines);
      await policy.attach(context);
    };
    await listen(chrome.context);
    chrome.onRestart = listen;
    const open = async (route = '/') => {
      const page = await chrome.context.newPage();
      await page.goto(site.url(route));
      return page;
    };
    const forgetFiles = async () => {
      const session = await chrome.context.newCDPSession(chrome.context.pages()[0]!);
      await session.send('Network.clearBrowserCache');
      await session.detach();
    };
    // Snapshots of the page are a fifth of the processor time of a test.
    await chrome.context.tracing.start({ screenshots: false, snapshots: SNAPSHOTS }).catch(() => {});
    const world: World = { chrome, gateway, proxy, site, open, forgetFiles, console: lines, policy, uncaught: [] };
    await use(world);
    const faults = await policy.faults(chrome.context.pages(), site.url());
    faults.push(...uncaught(lines, world.uncaught), ...(await undocumented(chrome.context.pages())));
    if (info.status !== info.expectedStatus || faults.length) {
      for (const [at, page] of chrome.context.pages().entries()) {
        const body = await page.screenshot({ timeout: 3000 }).catch(() => undefined);
        if (body) await info.attach(`page-${at}.png`, { body, contentType: 'image/png' });
      }
      await chrome.context.tracing.stop({ path: info.outputPath('trace.zip') }).catch(() => {});
      for (const [name, text] of [['gateway.log', gateway.log], ['console.log', lines.join('\n')]] as const) {
        await info.attach(name, { body: text, contentType: 'text/plain' });
        await writeFile(info.outputPath(name), text);
      }
    }
    await browsers.giveBack(chrome, [site.url('/'), site.url('/', 'plain.test')].map((url) => new URL(url).origin));
    await Promise.allSettled([proxy.stop(), site.stop(), gateway.stop()]);
    expect(faults, 'against the content security policy, uncaught, or not documented').toEqual([]);
  },
});

/** The visible state of the connection on a page. */
export async function expectState(page: Page, state: string, timeout = 30_000): Promise<void> {
  await expect(page.getByTestId('connection-state').first()).toContainText(state, { timeout });
}

/** Ids of the incidents shown, in order. */
export function incidentIds(page: Page): Promise<string[]> {
  return page
    .getByTestId('incident-row')
    .evaluateAll((rows) => rows.map((row) => row.getAttribute('data-incident-id') ?? ''));
}

export { expect };
