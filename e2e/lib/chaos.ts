// Everything at once: tabs that send while something breaks every second. The set checker knows what was promised.
import { type Page, test } from '@playwright/test';
import { Checker, pause } from './checker';
import { expectState, type World } from './fixtures';
import { injectFault, startSending, stopSending } from './lab';
import type { Service } from './service';
import { crash } from './tabs';

/** How often a gateway of a service is killed. */
const KILL_EVERY_MS = 10_000;
const KILL = 'gateway killed and started';

/** What each page sends. */
interface Sending {
  count: number;
  everyMs: number;
}

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

export class Chaos {
  pages: Page[] = [];
  readonly checker: Checker;
  readonly log: string[] = [];

  /** `service`: gateways that take the place of the world's own. */
  constructor(
    private world: World,
    private each: Sending,
    private draw: () => number,
    private service?: Service,
  ) {
    this.checker = new Checker(service?.records ?? world.gateway);
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
    [KILL]: async () => {
      if (this.service) return this.service.kill();
      await this.world.gateway.kill();
      await this.world.gateway.run();
    },
    'gateway stands still for 500 ms': async () => {
      const gateway = (await this.service?.busy()) ?? this.world.gateway;
      gateway.pause();
      await pause(500);
      gateway.resume();
    },
    'worker panics': async () => injectFault(this.pages[this.tab()]!, 'panic').catch(() => {}),
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

  /** A fault every second or so until `until`. A gateway of a service is killed every 10 s, and not by chance as well. */
  async rage(until: () => boolean): Promise<void> {
    const names = Object.keys(this.faults).filter((name) => !this.service || name !== KILL);
    let killDue = Date.now() + KILL_EVERY_MS;
    // Each at least once, in an order of chance; then whichever comes.
    const order = names.map((name) => [this.draw(), name] as const).sort().map(([, name]) => name);
    while (!until()) {
      await this.checker.look(this.pages);
      const isDue = !!this.service && Date.now() >= killDue;
      if (isDue) killDue += KILL_EVERY_MS;
      const name = isDue ? KILL : (order.shift() ?? names[Math.floor(this.draw() * names.length)]!);
      this.log.push(`${new Date().toISOString().slice(11, 23)} ${name}`);
      await this.faults[name]!();
      await pause(400 + this.draw() * 800);
    }
    await this.checker.look(this.pages);
  }
}

/** Three tabs until `until`; then everything that was promised comes to its end, and is true. */
export async function run(world: World, seed: number, each: Sending, until: (chaos: Chaos) => boolean, service?: Service): Promise<Chaos> {
  world.uncaught.push(/./);
  const chaos = new Chaos(world, each, random(seed), service);
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
