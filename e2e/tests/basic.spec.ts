// The documented server, unchanged in behaviour, feeds the same page.
import { BasicServer } from '../lib/basic-server';
import { expect, expectState, test } from '../lib/fixtures';

test('the documented server: its incident, Connected, Reconnecting when it dies, and back by itself', { tag: '@waits' }, async ({ world }) => {
  const basic = await BasicServer.start();
  world.site.configure({ url: basic.url });
  try {
    for (const route of ['/', '/realtime-demo']) {
      const page = await world.open(route);
      await expectState(page, 'Connected');
      await expect(page.getByText('Test Incident').first()).toBeVisible();
    }
    await basic.kill();
    for (const page of world.chrome.context.pages().slice(1)) await expectState(page, 'Reconnecting');
    await basic.run();
    for (const page of world.chrome.context.pages().slice(1)) {
      await expectState(page, 'Connected', 35_000);
      await expect(page.getByText('Test Incident').first()).toBeVisible();
    }
    // The documented server parses each frame as one object; it never saw an array.
    expect(basic.received.every((message) => typeof message.type === 'string')).toBe(true);
  } finally {
    await basic.kill();
  }
});
