// Everything at once: tabs that send while something breaks every second.
import { run } from '../lib/chaos';
import { expect, test } from '../lib/fixtures';

test.use({ gatewayOptions: { args: ['--rate', '2', '--seed', '13'] } });

// With `--repeat-each N` every run has the seed after the last one's.
test('3 tabs, a fault a second for 60 s: nothing lost, doubled or falsely failed', async ({ world }) => {
  test.setTimeout(200_000);
  const end = { at: 0 };
  const seed = Number(process.env.E2E_SEED ?? 20) + test.info().repeatEachIndex;
  const chaos = await run(world, seed, { count: 1_000, everyMs: 250 }, () => Date.now() > (end.at ||= Date.now() + 60_000));
  // Enough to mean something; how many there are depends on how long the faults of a seed keep the pages from sending.
  expect(chaos.checker.promised.length).toBeGreaterThan(100);
});

test('3 tabs, a fault a second for 10 minutes and 2,000 sends: nothing lost, doubled or falsely failed @long', async ({ world }) => {
  test.setTimeout(1_500_000);
  const end = { at: 0 };
  const over = () => Date.now() > (end.at ||= Date.now() + 600_000);
  await run(world, Number(process.env.E2E_SEED ?? 1), { count: 10_000, everyMs: 400 }, (chaos) => over() && chaos.checker.size >= 2_000);
});
