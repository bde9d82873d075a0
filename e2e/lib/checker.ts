// The set checker: what was sent from any tab, over crashes and reloads, against what took effect.
import { expect, type Page } from '@playwright/test';
import { follow, type LabMessage, labMessages } from './lab';
import type { Records } from './records';
import { noteTexts, repeatedTexts } from './texts';

const FAILED = /^(Failed|Expired|Evicted|Superseded)/;

export class Checker {
  /** The last that was seen of each message, by id. */
  private seen = new Map<string, LabMessage>();
  /** What was seen of each message, in the order it changed: for the story of a failure. */
  private story = new Map<string, string[]>();
  /** Reported as delivered at a time when it was not. */
  private early = new Set<string>();

  /** What took effect, and under which ids: a message that was sent again as another one is doubled, too. */
  private texts = new Map<string, Set<string>>();

  /** `truth`: a gateway with its memory on disk, or the records that several of them share. */
  constructor(private truth: Pick<Records, 'acceptedEver' | 'chatTexts'>) {}

  /** Reads the pages again. One that is gone (crashed, loading) keeps what was last seen of it. */
  async look(pages: Page[]): Promise<void> {
    const read = await Promise.all(
      pages.map((page) => Promise.race([labMessages(page), pause(1_000, [])]).catch(() => [])),
    );
    const messages = (read as LabMessage[][]).flat();
    for (const message of messages) this.note(message);
    // Read after the pages were: whatever they call delivered has to be there by now.
    const accepted = await this.truth.acceptedEver();
    noteTexts(this.texts, await this.truth.chatTexts());
    for (const { id, delivery } of messages) if (delivery === 'Delivered' && !accepted.has(id)) this.early.add(id);
  }

  /** A page that came in the place of another (reloaded, reopened): it shows what became of what had no end yet. */
  async cameBack(page: Page): Promise<void> {
    const open = [...this.seen.values()].filter(({ delivery }) => delivery !== 'Delivered' && !FAILED.test(delivery));
    if (open.length > 0) await follow(page, open.map(({ id }) => id));
  }

  private note(message: LabMessage): void {
    if (message.delivery === 'Unknown') return;
    this.seen.set(message.id, message);
    const story = this.story.get(message.id) ?? [];
    const state = `${message.durability} ${message.delivery}`;
    if (!story.at(-1)?.endsWith(state)) story.push(`${new Date().toISOString().slice(11, 23)} ${state}`);
    this.story.set(message.id, story);
  }

  get size(): number {
    return this.seen.size;
  }

  /** Ids that were promised: durable, or delivered. */
  get promised(): string[] {
    return [...this.seen.values()].filter(({ durability, delivery }) => durability === 'Durable' || delivery === 'Delivered').map(({ id }) => id);
  }

  /** Waits until every promise is kept, then: nothing lost, nothing doubled, nothing falsely failed, every last word true. */
  async expectKept(pages: Page[], timeout: number): Promise<void> {
    const missing = async () => {
      await this.look(pages);
      const accepted = await this.truth.acceptedEver();
      const perPage = await Promise.all(pages.map(labMessages));
      const waiting = perPage.flat().filter(({ delivery }) => delivery !== 'Delivered' && delivery !== 'Unknown');
      const ids = new Set([...this.promised.filter((id) => !accepted.has(id)), ...waiting.map(({ id }) => id)]);
      return [...ids].map((id) => `${knownOf(id, accepted, perPage)}; over time: ${this.story.get(id)?.join(', ')}`);
    };
    await expect.poll(async () => (await missing()).length, { timeout, intervals: [500] }).toBe(0).catch(async (error) => {
      throw new Error(`lost or without an end: ${JSON.stringify((await missing()).slice(0, 20))}`, { cause: error });
    });
    const accepted = await this.truth.acceptedEver();
    // Once more: everything may have been accepted between the two questions of the last look.
    noteTexts(this.texts, await this.truth.chatTexts());
    const doubled = [...accepted].filter(([, times]) => times !== 1);
    expect(doubled, 'doubled').toEqual([]);
    expect(repeatedTexts(this.texts), 'doubled under another id').toEqual([]);
    expect(this.texts.size, 'no chat text is known').toBeGreaterThan(0);
    const all = [...this.seen.values()];
    // Also when it was put right later: somebody may have sent it once more by then.
    const failed = all.filter(({ id }) => this.story.get(id)?.some((story) => FAILED.test(story.split(' ')[2] ?? '')));
    expect(failed.map(({ id }) => `${id}: ${this.story.get(id)?.join(', ')}`), 'falsely failed').toEqual([]);
    expect([...this.early].map((id) => `${id}: ${this.story.get(id)?.join(', ')}`), 'reported as delivered too early').toEqual([]);
    await this.expectTruth(pages, accepted);
  }

  /** What the pages say in the end of every message that was ever seen, also of pages that are gone: true or nothing. */
  private async expectTruth(pages: Page[], accepted: Map<string, number>): Promise<void> {
    const ids = [...this.seen.keys()];
    for (const page of pages) {
      await follow(page, ids);
      const last = ids.at(-1);
      await expect.poll(async () => (await labMessages(page)).at(-1)?.id).toBe(last);
      // A hidden page that sent none of it receives an end a second or two later.
      const untrue = async () => {
        await follow(page, []);
        const shown = await labMessages(page);
        const wrong = shown.filter(({ id, delivery }) => delivery !== 'Unknown' && (delivery === 'Delivered') !== accepted.has(id));
        return wrong.map(({ id, delivery }) => `${id}: ${delivery} is shown; ${this.story.get(id)?.join(', ')}`);
      };
      await expect.poll(untrue, { message: 'untrue', timeout: 10_000 }).toEqual([]);
    }
  }
}

/** Whether the server accepted a message, and what each page shows of it. Pages are counted from 1. */
function knownOf(id: string, accepted: Map<string, number>, perPage: LabMessage[][]): string {
  const absent: number[] = [];
  const shown = perPage.flatMap((messages, at) => {
    const message = messages.findLast((message) => message.id === id);
    if (!message) absent.push(at + 1);
    if (!message) return [];
    const state = message.delivery === 'Unknown' ? 'does not know it' : `shows ${message.durability} ${message.delivery}`;
    return [`page ${at + 1} ${state}`];
  });
  if (absent.length > 0) shown.push(absent.length > 1 ? `pages ${absent.join(', ')} do not show it` : `page ${absent[0]} does not show it`);
  const times = accepted.get(id) ?? 0;
  const server = times === 0 ? 'not accepted by the server' : times === 1 ? 'accepted by the server' : `accepted ${times} times`;
  return `${id}: ${server}; ${shown.join('; ')}`;
}

export function pause<T>(ms: number, value?: T): Promise<T | undefined> {
  return new Promise((resolve) => setTimeout(() => resolve(value), ms));
}
