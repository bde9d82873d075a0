// Everything at once: tabs that send while something breaks every second. The set checker knows what was promised.
import type { Page } from '@playwright/test';
import { Checker, pause } from '../lib/checker';
import { expect, expectState, test, type World } from '../lib/fixtures';
import { openDoor, startSending, stopSending } from '../lib/lab';
import { crash } from '../lib/tabs';

test.use({ gatewayOptions: { args: ['--rate', '2', '--seed', '13'] } });

/** A small seeded generator (mulberry32): the same faults at every run. */
function random(seed: number): () => number {
  let a = seed >>> 0;
  return () => {
    a = (a + 0x6d2b79f5) >>> 0;
    let t = Math.imul(a ^ (a >>> 15), a | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

class Chaos {
  pages: Page[] = [];
  readonly checker: Checker;
  readonly log: string[] = [];

  constructor(
    private world: World,
    private each: { count: number; everyMs: number },
    private draw: () => number,
  ) {
    this.checker = new Checker(world.gateway);
  }

  async open(tabs: number): Promise<void> {
    for (let n = 0; n < tabs; n += 1) this.pages.push(await this.world.open('/lab'));
    for (const page of this.pages) await expectState(page, 'Connected', 30_000);
    for (const page of this.pages) await this.send(page);
  }

  private async send(page: Page): Promise<void> {
    await page.getByTestId('lab-start').waitFor();
    await startSending(page, this.each.count, this.each.everyMs);
  }

  /** The page is a new one, or another life of one: it goes on, and shows what it knows of what was sent before. */
  private async comeBack(page: Page): Promise<void> {
    await this.send(page);
    await this.checker.cameBack(page);
  }

  /** One of the tabs, at random. */
  private tab(): number {
    return Math.floor(this.draw() * this.pages.length);
  }

  private faults: Record<string, () => Promise<void>> = {
    'link reset': async () => this.world.proxy.reset(),
    'link cut for 300 ms': async () => {
      this.world.proxy.cut();
      await pause(300);
      this.world.proxy.restore();
    },
    zombie: async () => this.world.proxy.zombie(),
    'answers lost, then a reset': async () => {
      this.world.proxy.loseAnswers();
      await pause(300);
      this.world.proxy.reset();
    },
    'gateway killed and started': async () => {
      await this.world.gateway.kill();
      await this.world.gateway.run();
    },
    'gateway stands still for 500 ms': async () => {
      this.world.gateway.pause();
      await pause(500);
      this.world.gateway.resume();
    },
    'worker panics': async () => openDoor(this.pages[this.tab()]!, 'panic').catch(() => {}),
    'tab crashes': async () => {
      const at = this.tab();
      await crash(this.world, this.pages[at]!);
      this.pages[at] = await this.world.open('/lab');
      await this.comeBack(this.pages[at]!);
    },
    'tab reloads': async () => {
      const page = this.pages[this.tab()]!;
      await page.reload();
      await this.comeBack(page);
    },
    'browser killed and started': async () => {
      await this.world.chrome.kill();
      await this.world.chrome.restart();
      this.pages = await Promise.all(this.pages.map(() => this.world.open('/lab')));
      for (const page of this.pages) await this.comeBack(page);
    },
  };

  /** A fault every second or so until `until`. */
  async rage(until: () => boolean): Promise<void> {
    const names = Object.keys(this.faults);
    // Each at least once, in an order of chance; then whichever comes.
    const order = names.map((name) => [this.draw(), name] as const).sort().map(([, name]) => name);
    for (let n = 0; !until(); n += 1) {
      await this.checker.look(this.pages);
      const name = order[n] ?? names[Math.floor(this.draw() * names.length)]!;
      this.log.push(`${new Date().toISOString().slice(11, 23)} ${name}`);
      await this.faults[name]!();
      await pause(400 + this.draw() * 800);
    }
    await this.checker.look(this.pages);
  }
}

async function run(world: World, seed: number, each: { count: number; everyMs: number }, until: (chaos: Chaos) => boolean) {
  world.uncaught.push(/./);
  const chaos = new Chaos(world, each, random(seed));
  await chaos.open(3);
  await chaos.rage(() => until(chaos));
  for (const page of chaos.pages) await stopSending(page);
  for (const page of chaos.pages) await expectState(page, 'Connected', 60_000);
  await chaos.checker.expectKept(chaos.pages, 60_000).catch((error) => {
    console.log(chaos.log.join('\n'));
    throw error;
  });
  test.info().annotations.push({
    type: 'measured',
    description: `${chaos.checker.size} sends seen, ${chaos.checker.promised.length} promised, ${chaos.log.length} faults`,
  });
  return chaos;
}

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
