// Everything a browser says against the content security policy and Trusted Types, of pages and of workers, on three
// ways: the event, the console, the report to the server. Each test ends with the proof that they work and reported nothing.
import type { BrowserContext, Page } from '@playwright/test';
import { pause } from './checker';

const CONSOLE = /securitypolicyviolation|Content[- ]Security[- ]Policy|Trusted ?(Type|HTML|Script)/i;
/** How long a page may take to say what it is asked to, ms. One that is crashed or hung says nothing. */
const PATIENCE = 3_000;

export class PolicyWatch {
  /** The reports, each with the way it came. */
  readonly reports: string[] = [];
  private provoked: RegExp[] = [];
  private controls = 0;

  note(way: 'event' | 'console' | 'report', text: string): void {
    this.reports.push(`${way}: ${text}`);
  }

  /** This test breaks the policy on purpose: what fits is no fault, and has to come. */
  provokes(what: RegExp): void {
    this.provoked.push(what);
  }

  /** Listens to all pages of a context from now on, and to their workers. */
  async attach(context: BrowserContext): Promise<void> {
    await context.exposeBinding('sentinelopsPolicy', (_, text: string) => this.note('event', text));
    // The other disposition is that of the policy which only reports.
    await context.addInitScript(() => {
      document.addEventListener('securitypolicyviolation', (event) => {
        const tell = (window as unknown as { sentinelopsPolicy(text: string): void }).sentinelopsPolicy;
        if (event.disposition === 'enforce') tell(`${event.effectiveDirective} forbids ${event.blockedURI} ${event.sample}`);
      });
    });
    context.on('page', (page) => {
      page.on('console', (message) => {
        if (CONSOLE.test(message.text())) this.note('console', message.text());
      });
      page.on('worker', (worker) => {
        // What it did before it listens comes by report. One that hangs or is gone never answers.
        const listening = worker.evaluate(() =>
          self.addEventListener('securitypolicyviolation', (event) => {
            if (event.disposition === 'enforce') {
              console.error(`securitypolicyviolation: ${event.effectiveDirective} forbids ${event.blockedURI} in a worker`);
            }
          }),
        );
        listening.catch(() => {});
      });
    });
  }

  /** What is wrong: deaf ways, violations nobody provoked, provoked ones that did not come. */
  async faults(pages: Page[], origin: string): Promise<string[]> {
    const deaf = await Promise.all(pages.map((page) => this.control(page, origin)));
    const known = (line: string) => line.includes('//control-') || this.provoked.some((what) => what.test(line));
    const missing = this.provoked.filter((what) => !this.reports.some((line) => what.test(line)));
    return [
      ...deaf.flat(),
      ...new Set(this.reports.filter((line) => !known(line))),
      ...missing.map((what) => `provoked, but not reported: ${what}`),
    ];
  }

  /** Breaks the policy in a page and waits for that report: earlier ones have come by then, too. */
  private async control(page: Page, origin: string): Promise<string[]> {
    if (!page.url().startsWith(origin)) return [];
    this.controls += 1;
    const address = `http://control-${this.controls}.invalid/`;
    const asked = page.evaluate((address) => void (new Image().src = address), address);
    const answers = await Promise.race([asked.then(() => true, () => false), pause(PATIENCE)]);
    if (!answers) return [];
    const deaf = () => (['event', 'report'] as const).filter((way) => !this.reports.some((line) => line.startsWith(way) && line.includes(address)));
    for (const end = Date.now() + PATIENCE; deaf().length && Date.now() < end; ) await pause(10);
    return deaf().map((way) => `no ${way} of what ${page.url()} was asked to do against its policy`);
  }
}
