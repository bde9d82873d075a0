// 1,000 events a second into four components that each follow four channels: nothing is lost, nothing comes twice or
// out of order, and none is rendered more than once in a frame.
import { expect, expectState, test } from '../lib/fixtures';
import { expectAll, figures, flood } from '../lib/flood';

test.use({ gatewayOptions: { args: ['--rate', '0'] } });

test('1,000 events a second for 30 s into four components: 0 lost, at most one render a frame each', async ({ world }) => {
  test.setTimeout(120_000);
  const page = await world.open('/lab');
  await expectState(page, 'Connected');
  await page.getByTestId('lab-meters').click();
  await expect.poll(async () => (await figures(page)).map((meter) => meter.frames > 0)).toEqual([true, true, true, true]);
  const sent = await flood(world.gateway, 1_000, 30);
  const rate = (sent.each * 4) / sent.seconds;
  const meters = await expectAll(page, sent.each);
  for (const meter of meters) {
    expect(meter.wrong).toEqual([]);
    expect(meter.mostInAFrame).toBe(1);
    // Batched: far fewer renders than events.
    expect(meter.renders).toBeLessThan(sent.each);
  }
  const { renders, frames } = meters[0]!;
  test.info().annotations.push({
    type: 'measured',
    description: `${sent.each * 4} events at ${Math.round(rate)} per second, ${renders} renders in ${frames} frames`,
  });
  expect(rate).toBeGreaterThan(900);
  const metrics = JSON.parse((await page.getByTestId('lab-metrics').textContent()) || 'null') as { resyncs: number };
  expect(metrics.resyncs).toBe(0);
});
