// Errors that nobody caught, on a page or in a worker.
import type { BrowserContext } from '@playwright/test';

/** Collects what pages opened from now on and their workers write on the console, and what they do not catch. */
export async function collectLines(context: BrowserContext, lines: string[]): Promise<void> {
  context.on('page', (page) => {
    page.on('console', (message) => lines.push(`${message.type()}: ${message.text()}`));
    page.on('pageerror', (error) => lines.push(`pageerror: ${error.message}`));
  });
  await context.addInitScript(reportWorkerErrors);
}

/** What nobody caught and no test provoked. A worker that panicked is replaced: only its last lines show it. */
export function uncaught(console: string[], provoked: RegExp[] = []): string[] {
  const found = console.filter((line) => /the worker stopped:|^pageerror|panicked at|Uncaught/.test(line));
  return found.filter((line) => ![/a test asked/, ...provoked].some((pattern) => pattern.test(line)));
}

/** In each page: an error that no handler of a worker caught is a line on the console, also when the page ends that
 * worker at once. */
function reportWorkerErrors(): void {
  const Plain = globalThis.Worker;
  globalThis.Worker = class Worker extends Plain {
    constructor(url: string | URL, options?: WorkerOptions) {
      super(url, options);
      this.addEventListener('error', ({ message, filename, lineno }) => {
        // A script that did not load has no message: a matter of the network.
        if (message) console.error(`Uncaught in a worker: ${message} (${filename}:${lineno})`);
      });
    }
  };
}
