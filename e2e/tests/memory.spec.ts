// A console that is open all day needs no more memory in the evening than after its first minutes.
import { setTimeout as pause } from 'node:timers/promises';
import type { Page } from '@playwright/test';
import { Cost } from '../lib/cost';
import { expect, expectState, test } from '../lib/fixtures';

const MINUTE = 60_000;
/** After this the folds and logs are full. */
const FULL = 3 * MINUTE;
const END = 10 * MINUTE;
/** How much more JavaScript may hold at the end, MiB: figures are rounded, and collections leave more or less. */
const HEAP_MORE = 2;
/** How much a WebAssembly memory may grow at the end, MiB: it grows in steps and never shrinks. */
const WASM_MORE = 1;

function workerMemory(page: Page): Promise<number> {
  return page.workers()[0]!.evaluate(() => (self as unknown as { sentinelopsMemory: WebAssembly.Memory }).sentinelopsMemory.buffer.byteLength / (1 << 20));
}

for (const rate of [2, 1_000]) {
  test.describe(`${rate} events a second`, () => {
    test.use({ gatewayOptions: { args: ['--rate', String(rate), '--seed', '23'], stores: false } });

    test(`ten minutes at ${rate} events/s: no more memory than after three @long`, async ({ world }) => {
      test.setTimeout(END + 2 * MINUTE);
      await Cost.prepare(world.chrome.context);
      const page = await world.open('/');
      await expectState(page, 'Connected');
      const cost = await Cost.watch(page);
      const look = async () => {
        const { heap, wasm, nodes, long } = await cost.figures();
        return { heap, wasm, worker: await workerMemory(page), nodes, long };
      };
      const story: object[] = [];
      let full: Awaited<ReturnType<typeof look>> | undefined;
      const began = Date.now();
      for (let at = MINUTE; at <= END; at += MINUTE) {
        // Time itself is what is tested.
        await pause(began + at - Date.now());
        const figures = await look();
        story.push(figures);
        if (at === FULL) full = figures;
      }
      test.info().annotations.push({ type: 'measured', description: JSON.stringify(story) });
      console.log(`${rate} events/s, each minute: ${JSON.stringify(story)}`);
      const end = await look();
      expect(end.wasm - full!.wasm, 'wasm of the page, MiB').toBeLessThanOrEqual(WASM_MORE);
      expect(end.worker - full!.worker, 'wasm of the worker, MiB').toBeLessThanOrEqual(WASM_MORE);
      expect(end.heap - full!.heap, 'JavaScript heap, MiB').toBeLessThanOrEqual(HEAP_MORE);
      await expectState(page, 'Connected');
    });
  });
}
