// What a browser keeps of boards.
import type { Page } from '@playwright/test';

/** How many channels this browser keeps the state of, for everybody together. */
export const kept = (page: Page) =>
  page.evaluate(async () => {
    const names = (await indexedDB.databases()).map((database) => database.name ?? '').filter((name) => name.startsWith('sentinelops state '));
    const counts = names.map(
      (name) =>
        new Promise<number>((resolve) => {
          const request = indexedDB.open(name);
          request.onsuccess = () => {
            const count = request.result.transaction('state').objectStore('state').count();
            count.onsuccess = () => {
              request.result.close();
              resolve(count.result);
            };
          };
        }),
    );
    return (await Promise.all(counts)).reduce((sum, count) => sum + count, 0);
  });
