// What a test gets: a browser, a site, a gateway, pages; and what stays behind when it fails.
import { test as base, expect, type Page } from '@playwright/test';
import { RealBrowser } from './browser';
import { Gateway, type GatewayOptions } from './gateway';
import { FaultProxy } from './proxy';
import { Site } from './site';

export interface World {
  chrome: RealBrowser;
  gateway: Gateway;
  proxy: FaultProxy;
  site: Site;
  /** Opens a page of the site. */
  open(route?: string): Promise<Page>;
  /** Console lines of all pages and their workers. */
  console: string[];
}

export const test = base.extend<{ world: World; gatewayOptions: GatewayOptions; config: object }>({
  gatewayOptions: [{}, { option: true }],
  config: [{}, { option: true }],
  world: async ({ gatewayOptions, config }, use, info) => {
    const [chrome, gateway] = await Promise.all([RealBrowser.start(), Gateway.start(gatewayOptions)]);
    const proxy = await FaultProxy.start(() => gateway.port);
    const site = await Site.start({ url: proxy.url, ...config });
    const lines: string[] = [];
    chrome.context.on('page', (page) => {
      page.on('console', (message) => lines.push(`${message.type()}: ${message.text()}`));
      page.on('pageerror', (error) => lines.push(`pageerror: ${error.message}`));
    });
    const open = async (route = '/') => {
      const page = await chrome.context.newPage();
      await page.goto(site.url(route));
      return page;
    };
    await chrome.context.tracing.start({ screenshots: false, snapshots: true }).catch(() => {});
    await use({ chrome, gateway, proxy, site, open, console: lines });
    if (info.status !== info.expectedStatus) {
      for (const [at, page] of chrome.context.pages().entries()) {
        const body = await page.screenshot({ timeout: 3000 }).catch(() => undefined);
        if (body) await info.attach(`page-${at}.png`, { body, contentType: 'image/png' });
      }
      await chrome.context.tracing.stop({ path: info.outputPath('trace.zip') }).catch(() => {});
      await info.attach('gateway.log', { body: gateway.log, contentType: 'text/plain' });
      await info.attach('console.log', { body: lines.join('\n'), contentType: 'text/plain' });
      for (const [name, text] of [['gateway.log', gateway.log], ['console.log', lines.join('\n')]] as const) {
        const { writeFile } = await import('node:fs/promises');
        await writeFile(info.outputPath(name), text);
      }
    }
    await Promise.allSettled([chrome.stop(), proxy.stop(), site.stop(), gateway.stop()]);
  },
});

/** The visible state of the connection on a page. */
export async function expectState(page: Page, state: string, timeout = 15_000): Promise<void> {
  await expect(page.getByTestId('connection-state').first()).toContainText(state, { timeout });
}

/** Ids of the incidents shown, in order. */
export function incidentIds(page: Page): Promise<string[]> {
  return page
    .getByTestId('incident-row')
    .evaluateAll((rows) => rows.map((row) => row.getAttribute('data-incident-id') ?? ''));
}

export { expect };
