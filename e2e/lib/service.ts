// Several gateways on one NATS. The proxy of the world is the balancer in front of them: each connection goes to the next
// one that runs.
import { pause } from './checker';
import type { World } from './fixtures';
import { Gateway } from './gateway';
import { Nats, NatsLog } from './nats';
import { Records } from './records';

/** How long a killed gateway is away. */
const AWAY_MS = 3_000;

export class Service {
  /** What took effect, as NATS has it. */
  readonly records = new Records(async () => {
    await this.stored.catchUp();
    return this.stored.records;
  });
  /** How often a gateway was killed that had a connection. */
  kills = 0;
  private turn = 0;
  /** The last that was killed runs again. */
  private whole: Promise<void> = Promise.resolve();

  private constructor(
    private nats: Nats,
    private stored: NatsLog,
    private gateways: Gateway[],
  ) {}

  static async start(world: World, count: number): Promise<Service> {
    const nats = await Nats.start();
    const gateways = await Promise.all(Array.from({ length: count }, () => Gateway.start({ nats: nats.url })));
    const service = new Service(nats, await NatsLog.read(nats.port), gateways);
    world.proxy.target = () => service.next().port;
    return service;
  }

  /** The one that the pages are connected to; any other one while there is none. */
  async busy(): Promise<Gateway> {
    for (const gateway of this.running()) if ((await gateway.stats()).connections > 0) return gateway;
    return this.running()[0]!;
  }

  /** Kills a gateway, the one with the connection if there is any. It is back after 3 s. */
  async kill(): Promise<void> {
    await this.whole;
    const gateway = await this.busy();
    if ((await gateway.stats()).connections > 0) this.kills += 1;
    await gateway.kill();
    this.whole = pause(AWAY_MS).then(() => gateway.run());
  }

  async stop(): Promise<void> {
    await this.whole;
    this.stored.stop();
    await Promise.all(this.gateways.map((gateway) => gateway.stop()));
    await this.nats.stop();
  }

  private next(): Gateway {
    this.turn += 1;
    const running = this.running();
    // Without any a connection is refused.
    const among = running.length > 0 ? running : this.gateways;
    return among[this.turn % among.length]!;
  }

  private running(): Gateway[] {
    return this.gateways.filter((gateway) => gateway.runs);
  }
}
