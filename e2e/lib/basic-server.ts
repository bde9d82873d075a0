// A basic server of our own with the documented behaviour: one incident two seconds after each connect,
// pings echoed as pongs, everything else only noted. Run by itself: `npx tsx lib/basic-server.ts PORT`.
import { type AddressInfo } from 'node:net';
import { WebSocket, WebSocketServer } from 'ws';

export class BasicServer {
  readonly received: { id?: string; type: string; channel?: string; payload?: unknown }[] = [];
  connections = 0;
  private server?: WebSocketServer;
  port: number;

  private constructor(port: number) {
    this.port = port;
  }

  static async start(port = 0): Promise<BasicServer> {
    const basic = new BasicServer(port);
    await basic.run();
    return basic;
  }

  get url(): string {
    return `ws://127.0.0.1:${this.port}`;
  }

  async run(): Promise<void> {
    const server = new WebSocketServer({ port: this.port, host: '127.0.0.1' });
    await new Promise<void>((resolve, reject) => {
      server.once('listening', resolve);
      server.once('error', reject);
    });
    this.port = (server.address() as AddressInfo).port;
    this.server = server;
    server.on('connection', (socket) => this.serve(socket));
  }

  /** Ends like a killed process: no closing handshake. */
  async kill(): Promise<void> {
    for (const client of this.server?.clients ?? []) client.terminate();
    await new Promise((resolve) => this.server?.close(resolve));
  }

  private serve(socket: WebSocket): void {
    this.connections += 1;
    const timer = setTimeout(() => {
      const incident = {
        id: '123',
        type: 'incident.created',
        channel: 'incidents',
        payload: {
          incidentId: 'inc-999',
          type: 'created',
          data: { title: 'Test Incident', severity: 'high', status: 'new' },
        },
        timestamp: Date.now(),
      };
      socket.send(JSON.stringify(incident));
    }, 2000);
    socket.on('message', (data) => {
      // Like the documented server: one object a frame, anything else throws (and would end it).
      const message = JSON.parse(data.toString());
      this.received.push(message);
      if (message.type === 'ping') {
        const pong = { type: 'pong', channel: 'system', payload: message.payload, timestamp: Date.now() };
        socket.send(JSON.stringify(pong));
      }
    });
    socket.on('close', () => clearTimeout(timer));
  }
}
