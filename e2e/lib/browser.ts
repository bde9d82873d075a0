// A real Chromium with a profile on disk. Started by ourselves because Playwright's own launch keeps
// every page focused (nothing is ever hidden or frozen), disables the bfcache and keeps IndexedDB in memory.
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { type Browser, type BrowserContext, chromium } from '@playwright/test';
import { CHROME } from './env';

const FLAGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  // High enough for all panels of the console; a test that needs another size says so.
  '--window-size=780,900',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--remote-debugging-port=0',
  // Other names for this machine than those a browser trusts without https.
  '--host-resolver-rules=MAP plain.test 127.0.0.1, MAP other.test 127.0.0.1',
  // A route() on a page makes Chromium treat loopback sockets as local network access: a bare 1006.
  '--disable-features=LocalNetworkAccessChecks,LocalNetworkAccessChecksWebSockets',
];

/** What a browser may take to be clean again, ms. */
const CLEANING = 10_000;

export class RealBrowser {
  /** Called with the context of each start after the first. */
  onRestart: (context: BrowserContext) => Promise<void> = async () => {};
  private killed = false;

  private constructor(
    readonly profile: string,
    private flags: string[],
    private child: ChildProcess,
    private endpoint: string,
    public browser: Browser,
  ) {}

  static async start(flags: string[] = []): Promise<RealBrowser> {
    const profile = await mkdtemp(path.join(os.tmpdir(), 'sentinelops-e2e-'));
    const { child, endpoint, browser } = await RealBrowser.spawn(profile, flags);
    return new RealBrowser(profile, flags, child, endpoint, browser);
  }

  private static async spawn(profile: string, flags: string[]) {
    const child = spawn(CHROME, [...FLAGS, ...flags, `--user-data-dir=${profile}`, 'about:blank'], {
      detached: true,
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    const endpoint = await new Promise<string>((resolve, reject) => {
      let text = '';
      child.stderr!.on('data', (chunk) => {
        text += chunk;
        const found = /DevTools listening on (ws:\S+)/.exec(text);
        if (found) resolve(found[1]!);
      });
      child.once('error', reject);
      child.once('exit', (code) => reject(new Error(`Chromium ended with ${code}: ${text.slice(-2000)}`)));
    });
    return { child, endpoint, browser: await RealBrowser.connect(endpoint) };
  }

  private static connect(endpoint: string): Promise<Browser> {
    return chromium.connectOverCDP(endpoint, { noDefaults: true } as never);
  }

  /** Where it takes commands. */
  get port(): number {
    return Number(new URL(this.endpoint).port);
  }

  /** The profile's own context: the only one whose storage is on disk. */
  get context(): BrowserContext {
    return this.browser.contexts()[0]!;
  }

  /** SIGKILL of the whole process group, as a power button would. */
  async kill(): Promise<void> {
    this.killed = true;
    const gone = new Promise((resolve) => this.child.once('exit', resolve));
    try {
      process.kill(-this.child.pid!, 'SIGKILL');
      await gone;
    } catch {
      // Already gone.
    }
  }

  /** After kill(): the same profile again. */
  async restart(): Promise<void> {
    const { child, endpoint, browser } = await RealBrowser.spawn(this.profile, this.flags);
    this.child = child;
    this.endpoint = endpoint;
    this.browser = browser;
    await this.onRestart(this.context);
  }

  /** As new, for another test: no page, no file, nothing stored of these origins, and nobody who listens. */
  async clean(origins: string[]): Promise<boolean> {
    if (this.killed) return false;
    const cleaned = this.reset(origins).then(() => true, () => false);
    return Promise.race([cleaned, pause(CLEANING, false, { ref: false })]);
  }

  private async reset(origins: string[]): Promise<void> {
    const used = this.context.pages();
    const blank = await this.context.newPage();
    await Promise.all(used.map((page) => page.close()));
    const session = await this.context.newCDPSession(blank);
    await session.send('Network.clearBrowserCache');
    for (const origin of origins) await session.send('Storage.clearDataForOrigin', { origin, storageTypes: 'all' });
    // Bindings, scripts and listeners end with the connection.
    await this.browser.close();
    this.browser = await RealBrowser.connect(this.endpoint);
  }

  async stop(): Promise<void> {
    await this.kill();
    await rm(this.profile, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  }
}

/** Browsers that one test after the other uses: to start one costs more than most tests. */
export class Browsers {
  private idle: RealBrowser[] = [];
  /** Taken by a test: one that fails before it begins gives none back. */
  private readonly taken = new Set<RealBrowser>();

  async take(): Promise<RealBrowser> {
    const browser = this.idle.pop() ?? (await RealBrowser.start());
    this.taken.add(browser);
    return browser;
  }

  /** Back from a test that used these origins; what cannot be cleaned is ended. */
  async giveBack(browser: RealBrowser, origins: string[]): Promise<void> {
    this.taken.delete(browser);
    if (await browser.clean(origins)) this.idle.push(browser);
    else await browser.stop();
  }

  async stop(): Promise<void> {
    await Promise.all([...this.idle.splice(0), ...this.taken].map((browser) => browser.stop()));
  }
}
