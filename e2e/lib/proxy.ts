// A TCP proxy that misbehaves on request: what no browser switch can do to a worker's socket.
import net from 'node:net';

interface Pair {
  client: net.Socket;
  server: net.Socket;
  zombie: boolean;
  /** Server-to-client bytes are swallowed. */
  mute: boolean;
}

export class FaultProxy {
  private pairs = new Set<Pair>();
  private refusing = false;
  private link?: { bytesPerSecond: number; delayMs: number };
  /** Connections accepted since the start. */
  accepted = 0;

  private constructor(
    private server: net.Server,
    readonly port: number,
    /** The port behind, asked at each connection. */
    public target: () => number,
  ) {}

  /** See `target`. */
  static async start(target: () => number): Promise<FaultProxy> {
    const server = net.createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const proxy = new FaultProxy(server, (server.address() as net.AddressInfo).port, target);
    server.on('connection', (client) => proxy.accept(client));
    return proxy;
  }

  get url(): string {
    return `ws://127.0.0.1:${this.port}`;
  }

  get open(): number {
    return this.pairs.size;
  }

  /** Present connections fall silent both ways and stay open; new ones work. */
  zombie(): void {
    for (const pair of this.pairs) pair.zombie = true;
  }

  /** What the server sends on present connections is swallowed; it still receives everything. */
  loseAnswers(): void {
    for (const pair of this.pairs) pair.mute = true;
  }

  /** Present connections are reset. */
  reset(): void {
    for (const pair of this.pairs) {
      pair.client.resetAndDestroy();
      pair.server.destroy();
    }
    this.pairs.clear();
  }

  /** Resets everything and refuses until `restore()`. */
  cut(): void {
    this.refusing = true;
    this.reset();
  }

  restore(): void {
    this.refusing = false;
  }

  /** Bandwidth and half of the round trip, each way, for connections from now on. */
  slow(bytesPerSecond: number, delayMs: number): void {
    this.link = { bytesPerSecond, delayMs };
  }

  async stop(): Promise<void> {
    this.cut();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private accept(client: net.Socket): void {
    client.on('error', () => {});
    if (this.refusing) {
      client.resetAndDestroy();
      return;
    }
    this.accepted += 1;
    const server = net.connect(this.target(), '127.0.0.1');
    const pair: Pair = { client, server, zombie: false, mute: false };
    this.pairs.add(pair);
    server.on('error', () => {});
    const link = this.link;
    this.pipe(client, server, () => pair.zombie, link);
    this.pipe(server, client, () => pair.zombie || pair.mute, link);
    const ended = (from: net.Socket, to: net.Socket) => () => {
      // A zombie receives nothing, not even the end.
      if (pair.zombie && from === server) return;
      this.pairs.delete(pair);
      to.destroy();
    };
    client.on('close', ended(client, server));
    server.on('close', ended(server, client));
  }

  private pipe(from: net.Socket, to: net.Socket, swallow: () => boolean, link?: { bytesPerSecond: number; delayMs: number }): void {
    if (!link) {
      from.on('data', (chunk) => {
        if (!swallow()) to.write(chunk);
      });
      from.on('end', () => !swallow() && to.end());
      return;
    }
    // The line is busy until it has carried what it holds; then each piece travels for delayMs.
    let free = 0;
    from.on('data', (chunk: Buffer) => {
      const start = Math.max(free, Date.now());
      free = start + (chunk.length * 1000) / link.bytesPerSecond;
      // Back pressure, so that the browser's bufferedAmount tells the truth.
      if (free - Date.now() > 500) {
        from.pause();
        setTimeout(() => from.resume(), free - Date.now() - 250);
      }
      setTimeout(() => {
        if (!swallow() && !to.destroyed) to.write(chunk);
      }, free - Date.now() + link.delayMs);
    });
    from.on('end', () => setTimeout(() => !swallow() && to.end(), link.delayMs));
  }
}
