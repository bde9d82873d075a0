// What the set checker says when a promise is not kept: enough to find the cause without a second run.
import { expect, type Page, test } from '@playwright/test';
import { Checker } from '../lib/checker';
import type { Gateway } from '../lib/gateway';
import type { LabMessage } from '../lib/lab';

function message(id: string, durability: string, delivery: string): LabMessage {
  return { id, n: 1, at: 0, durability, delivery, ackedMs: null };
}

/** A page whose lab shows these. */
function showing(...messages: LabMessage[]): Page {
  const text = JSON.stringify(messages);
  return { getByTestId: () => ({ textContent: () => Promise.resolve(text) }) } as unknown as Page;
}

/** A gateway that accepted these ids, each so many times. */
function accepted(ids: Record<string, number>): Gateway {
  const gateway = { acceptedEver: async () => new Map(Object.entries(ids)), chatTexts: async () => new Map() };
  return gateway as unknown as Gateway;
}

test('a message without an end is reported with what the server and each page know of it', async () => {
  const checker = new Checker(accepted({ untold: 1 }));
  const pages = [
    showing(message('untold', 'Durable', 'Queued'), message('lost', 'Durable', 'Unconfirmed')),
    showing(message('untold', 'Durable', 'Delivered')),
    showing(message('untold', 'Pending', 'Unknown')),
  ];
  const error = await checker.expectKept(pages, 1).then(
    () => new Error('it says that every promise was kept'),
    (error: Error) => error,
  );
  expect(error.message).toContain('untold: accepted by the server; page 1 shows Durable Queued; page 2 shows Durable Delivered; page 3 does not know it');
  expect(error.message).toContain('lost: not accepted by the server; page 1 shows Durable Unconfirmed; pages 2, 3 do not show it');
});
