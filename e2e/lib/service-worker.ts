// A site that is not there, and a service worker that is to be gone afterwards.
import type { Page } from '@playwright/test';
import type { World } from './fixtures';

/** Everything that is asked of the site from now on fails, as without a network. */
export function cutSite(world: World): () => void {
  world.site.overrides.set(/.*/, (_, request) => {
    request.socket.destroy();
    return { status: 503 };
  });
  return () => world.site.overrides.delete([...world.site.overrides.keys()].at(-1)!);
}

/** The browser serves other tests, too. */
export async function unregister(page: Page): Promise<void> {
  await page.evaluate(async () => {
    for (const registration of await navigator.serviceWorker.getRegistrations()) await registration.unregister();
    for (const name of await caches.keys()) await caches.delete(name);
  });
}
