// Random faults of tabs and connections, while three gateways on NATS serve the pages and one of them is killed every 10 s.
import { run } from '../lib/chaos';
import { expect, test, type World } from '../lib/fixtures';
import { Service } from '../lib/service';

const SEED = Number(process.env.E2E_SEED ?? 30);

async function chaos(world: World, ms: number, kills: number): Promise<void> {
  const service = await Service.start(world, 3);
  try {
    const end = { at: 0 };
    const seed = SEED + test.info().repeatEachIndex;
    const { checker } = await run(world, seed, { count: 10_000, everyMs: 250 }, () => Date.now() > (end.at ||= Date.now() + ms), service);
    test.info().annotations.push({ type: 'measured', description: `${service.kills} kills of a gateway with a connection` });
    expect(service.kills).toBeGreaterThanOrEqual(kills);
    expect(checker.promised.length).toBeGreaterThan(ms / 1_000);
  } finally {
    await service.stop();
  }
}

test('3 gateways on NATS, one killed every 10 s for 35 s, a fault a second: nothing lost, doubled or without an end', async ({ world }) => {
  test.setTimeout(170_000);
  await chaos(world, 35_000, 2);
});

test('3 gateways on NATS, one killed every 10 s for 10 minutes: nothing lost, doubled or without an end @long', async ({ world }) => {
  test.setTimeout(1_500_000);
  // A kill that comes while there is no connection does not count, and some faults take longer than 10 s on a busy machine.
  await chaos(world, 600_000, 30);
});
