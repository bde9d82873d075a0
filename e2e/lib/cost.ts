// What a page costs the browser: memory, nodes, and how long it could not answer.
import { readFileSync } from 'node:fs';
import type { BrowserContext, CDPSession, Page } from '@playwright/test';

export interface Figures {
  /** Since the last look, ms. */
  elapsed: number;
  /** In tasks of more than 50 ms, of those since the last look, ms. */
  busy: number;
  /** The longest one of them, ms. */
  longest: number;
  /** How many there were. */
  long: number;
  /** Elements of the document. */
  nodes: number;
  /** Heap of the page after a collection, MiB; WebAssembly is not in it. */
  heap: number;
  /** Memory of the page's WebAssembly, MiB: it only grows. That of the worker is not in it. */
  wasm: number;
  /** Resident memory of the browser's renderers, worker and its WebAssembly included, MiB. */
  resident: number;
}

const MIB = 1 << 20;

export class Cost {
  private constructor(
    private page: Page,
    private session: CDPSession,
    private browser: CDPSession,
  ) {}

  /** Pages that are opened from now on can be watched. */
  static async prepare(context: BrowserContext): Promise<void> {
    await context.addInitScript(() => {
      const keep = ({ instance }: WebAssembly.WebAssemblyInstantiatedSource) => Object.assign(window, { module: instance.exports });
      const real = WebAssembly.instantiateStreaming;
      WebAssembly.instantiateStreaming = async (...given) => {
        const made = await real(...given);
        keep(made);
        return made;
      };
    });
  }

  static async watch(page: Page): Promise<Cost> {
    await page.evaluate(() => {
      const tasks: number[] = [];
      new PerformanceObserver((list) => tasks.push(...list.getEntries().map((entry) => entry.duration))).observe({ type: 'longtask' });
      Object.assign(window, { longTasks: tasks, lookedAt: performance.now() });
    });
    const session = await page.context().newCDPSession(page);
    await session.send('HeapProfiler.enable');
    const browser = await page.context().browser()!.newBrowserCDPSession();
    return new Cost(page, session, browser);
  }

  async figures(): Promise<Figures> {
    const tasks = await this.page.evaluate(() => {
      const here = window as unknown as { longTasks: number[]; lookedAt: number; module?: { memory: WebAssembly.Memory } };
      const [durations, now] = [here.longTasks.splice(0), performance.now()];
      const elapsed = now - here.lookedAt;
      here.lookedAt = now;
      const wasm = here.module?.memory.buffer.byteLength ?? 0;
      return { elapsed, durations, wasm, nodes: document.querySelectorAll('*').length };
    });
    await this.session.send('HeapProfiler.collectGarbage');
    const { usedSize } = await this.session.send('Runtime.getHeapUsage');
    return {
      elapsed: Math.round(tasks.elapsed),
      busy: Math.round(tasks.durations.reduce((sum, ms) => sum + ms, 0)),
      longest: Math.round(Math.max(0, ...tasks.durations)),
      long: tasks.durations.length,
      nodes: tasks.nodes,
      heap: Math.round(usedSize / MIB),
      wasm: Math.round(tasks.wasm / MIB),
      resident: await this.resident(),
    };
  }

  private async resident(): Promise<number> {
    const { processInfo } = await this.browser.send('SystemInfo.getProcessInfo');
    const of = ({ id }: { id: number }) => Number(/^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${id}/status`, 'utf8'))?.[1] ?? 0);
    return Math.round(processInfo.filter(({ type }) => type === 'renderer').map(of).reduce((sum, kib) => sum + kib, 0) / 1024);
  }
}
