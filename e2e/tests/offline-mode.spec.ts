// enableOfflineMode: false. Messages wait in memory, tabs share a connection, and no message touches the disk.
import { expect, expectState, test } from '../lib/fixtures';
import { labMessages, startSending } from '../lib/lab';
import { leaderOf, openTabs } from '../lib/tabs';

test.use({ config: { enableOfflineMode: false }, gatewayOptions: { args: ['--rate', '2', '--seed', '32'] } });

test('offline mode off: one connection, nothing on disk, and what waits leaves when the connection is back', { tag: '@waits' }, async ({ world }) => {
  const pages = await openTabs(world, 2);
  const { leader, followers } = await leaderOf(pages);
  expect((await world.gateway.stats()).connections).toBe(1);
  await expect(leader.getByTestId('connection-storage').first()).toContainText('switched off');
  world.proxy.cut();
  await expectState(leader, 'Reconnecting');
  for (const page of [leader, ...followers]) await startSending(page, 3, 0);
  const states = async () => {
    const messages = await Promise.all([leader, ...followers].map(labMessages));
    return messages.flat().map(({ delivery, durability }) => `${durability} ${delivery}`);
  };
  await expect.poll(states).toEqual(Array(6).fill('MemoryOnly Queued'));
  expect(await leader.evaluate(async () => (await indexedDB.databases()).length)).toBe(0);
  world.proxy.restore();
  await expect.poll(async () => (await states()).map((state) => state.split(' ')[1]), { timeout: 40_000 }).toEqual(Array(6).fill('Delivered'));
  expect((await world.gateway.stats()).accepted).toBe(6);
  expect(await leader.evaluate(async () => (await indexedDB.databases()).length)).toBe(0);
});
