// The environment of the build is used where the page sets nothing.
import { expect, test } from '../lib/fixtures';

test('a page without any configuration dials the address of its build', async ({ world }) => {
  // `cargo xtask test e2e` builds with SENTINELOPS_WEBSOCKET_URL=/of-the-build.
  world.site.configure({});
  await world.open('/');
  await expect.poll(() => world.site.dialled).toContain('/of-the-build');
});
