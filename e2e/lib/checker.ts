// The set checker: what was sent from any tab, over crashes and reloads, against what took effect.
import { expect, type Page } from '@playwright/test';
import type { Gateway } from './gateway';
import { type LabMessage, labMessages } from './lab';

export class Checker {
  /** The last that was seen of each message, by id. */
  private seen = new Map<string, LabMessage>();
  /** What was seen of each message, in the order it changed: for the story of a failure. */
  private story = new Map<string, string[]>();

  /** Reads the pages again. One that is gone (crashed, loading) keeps what was last seen of it. */
  async look(pages: Page[]): Promise<void> {
    await Promise.all(
      pages.map(async (page) => {
        const read = await Promise.race([labMessages(page), pause(1_000, [])]).catch(() => []);
        for (const message of read as LabMessage[]) this.note(message);
      }),
    );
  }

  private note(message: LabMessage): void {
    this.seen.set(message.id, message);
    const told = this.story.get(message.id) ?? [];
    const state = `${message.durability} ${message.delivery}`;
    if (!told.at(-1)?.endsWith(state)) told.push(`${new Date().toISOString().slice(11, 23)} ${state}`);
    this.story.set(message.id, told);
  }

  get size(): number {
    return this.seen.size;
  }

  /** Ids that were promised: durable, or delivered. */
  get promised(): string[] {
    return [...this.seen.values()].filter(({ durability, delivery }) => durability === 'Durable' || delivery === 'Delivered').map(({ id }) => id);
  }

  /** Waits until every promise is kept, then: nothing lost, nothing doubled, nothing falsely failed, every last word true. */
  async expectKept(pages: Page[], gateway: Gateway, timeout: number): Promise<void> {
    const missing = async () => {
      await this.look(pages);
      const accepted = await gateway.acceptedEver();
      const waiting = (await Promise.all(pages.map(labMessages))).flat().filter(({ delivery }) => delivery !== 'Delivered');
      const ids = new Set([...this.promised.filter((id) => !accepted.has(id)), ...waiting.map(({ id }) => id)]);
      return [...ids].map((id) => `${id}: ${this.story.get(id)?.join(', ')}`);
    };
    await expect.poll(async () => (await missing()).length, { timeout, intervals: [500] }).toBe(0).catch(async (error) => {
      throw new Error(`lost or without an end: ${JSON.stringify((await missing()).slice(0, 20))}`, { cause: error });
    });
    const accepted = await gateway.acceptedEver();
    const doubled = [...accepted].filter(([, times]) => times !== 1);
    expect(doubled, 'doubled').toEqual([]);
    const all = [...this.seen.values()];
    expect(all.filter(({ delivery }) => /^(Failed|Expired|Evicted|Superseded)/.test(delivery)), 'falsely failed').toEqual([]);
    expect(all.filter(({ id, delivery }) => delivery === 'Delivered' && !accepted.has(id)), 'said to be delivered').toEqual([]);
  }
}

export function pause<T>(ms: number, value?: T): Promise<T | undefined> {
  return new Promise((resolve) => setTimeout(() => resolve(value), ms));
}
