// A relay that knows WebSocket frames, between browser and gateway: what leaves is counted, a message can be made
// to kill the connection, answers can be made to come slowly, and the user can be another one than before.
import type { AddressInfo } from 'node:net';
import { WebSocket, WebSocketServer } from 'ws';

export class FrameRelay {
  /** Frames of browsers, with their time. */
  readonly frames: { at: number; text: string }[] = [];
  connections = 0;
  /** Of a frame on its way to the server: a code to close with instead of passing it on. */
  judge: (text: string) => number | undefined = () => undefined;
  /** Each message of the server waits this long behind the one before. */
  answerMs = 0;
  /** The user name passed to the server; for gateways with --trust-user. */
  user?: string;

  private constructor(
    private server: WebSocketServer,
    readonly port: number,
    private target: () => number,
  ) {}

  /** `target`: the port of the gateway, asked at each connection. */
  static async start(target: () => number): Promise<FrameRelay> {
    const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
    await new Promise<void>((resolve) => server.once('listening', resolve));
    const relay = new FrameRelay(server, (server.address() as AddressInfo).port, target);
    server.on('connection', (client) => relay.pair(client));
    return relay;
  }

  get url(): string {
    return `ws://127.0.0.1:${this.port}`;
  }

  /** Ends every connection, without a word. */
  reset(): void {
    for (const client of this.server.clients) client.terminate();
  }

  async stop(): Promise<void> {
    this.reset();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private pair(client: WebSocket): void {
    this.connections += 1;
    const query = this.user === undefined ? '' : `?user=${encodeURIComponent(this.user)}`;
    const upstream = new WebSocket(`ws://127.0.0.1:${this.target()}/${query}`);
    const early: string[] = [];
    upstream.on('open', () => early.splice(0).forEach((text) => upstream.send(text)));
    for (const end of [client, upstream]) end.on('error', () => {});
    client.on('message', (data) => {
      const text = data.toString();
      this.frames.push({ at: Date.now(), text });
      const code = this.judge(text);
      if (code !== undefined) {
        client.close(code, 'a message broke a rule');
        upstream.terminate();
      } else if (upstream.readyState === WebSocket.OPEN) {
        upstream.send(text);
      } else {
        early.push(text);
      }
    });
    let free = 0;
    upstream.on('message', (data) => {
      const text = data.toString();
      const pass = () => client.readyState === WebSocket.OPEN && client.send(text);
      free = Math.max(free, Date.now()) + this.answerMs;
      if (this.answerMs === 0) pass();
      else setTimeout(pass, free - Date.now());
    });
    client.on('close', () => upstream.terminate());
    upstream.on('close', (code, reason) => {
      // 1005 and 1006 stand in no close frame: they are what a browser makes of having got none.
      if (code === 1005 || code === 1006) client.terminate();
      else client.close(code, reason);
    });
  }
}
