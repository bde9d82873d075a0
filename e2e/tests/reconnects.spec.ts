// A connection that breaks all day must cost nothing that stays.
import type { Page } from '@playwright/test';
import { expect, expectState, test, type World } from '../lib/fixtures';

test.use({
  gatewayOptions: { args: ['--rate', '2', '--seed', '19'] },
  config: { options: { reconnectInterval: 0, reconnectFloor: 0, maxReconnectInterval: 0 } },
});

/** Bytes of the worker's wasm memory, which never shrinks. */
function memory(page: Page): Promise<number> {
  return page.workers()[0]!.evaluate(() => (self as unknown as { sentinelopsMemory: WebAssembly.Memory }).sentinelopsMemory.buffer.byteLength);
}

/** Breaks the connection and waits until the next one was welcomed and subscribes, until there were `total`. */
async function reconnect(world: World, total: number): Promise<void> {
  while ((await world.gateway.stats()).connectionsEver < total) {
    const before = await world.gateway.stats();
    world.proxy.reset();
    const usable = async () => {
      const { connectionsEver, connections, subscriptions } = await world.gateway.stats();
      return connectionsEver > before.connectionsEver && connections === 1 && subscriptions > 0;
    };
    await expect.poll(usable, { intervals: [5] }).toBe(true);
  }
}

test('1,500 reconnects: the memory of the worker is as large as after 200 @long', async ({ world }) => {
  test.setTimeout(900_000);
  const page = await world.open('/lab');
  await expectState(page, 'Connected');
  await reconnect(world, 200);
  const early = await memory(page);
  await reconnect(world, 1_500);
  const late = await memory(page);
  test.info().annotations.push({ type: 'measured', description: `worker memory ${early} bytes at 200, ${late} at 1,500 reconnects` });
  expect(late).toBe(early);
  await expectState(page, 'Connected');
});
