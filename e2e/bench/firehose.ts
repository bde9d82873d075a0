// A server that sends events as fast as each socket takes them, and nothing else: updates of incidents, of one size, one or many
// in a frame.
import type { AddressInfo } from 'node:net';
import { type WebSocket, WebSocketServer } from 'ws';

/** What may wait in this process for a socket. */
const AHEAD_BYTES = 256 * 1024;
/** Different incidents. */
const INCIDENTS = 50;

export interface Traffic {
  /** Of each event. */
  bytes: number;
  perFrame: number;
}

interface Message {
  type: string;
  payload?: { channels?: { channel: string }[] };
}

export class Firehose {
  private seq = 0;
  private constructor(
    private readonly server: WebSocketServer,
    private readonly traffic: Traffic,
    readonly url: string,
  ) {}

  static async start(traffic: Traffic): Promise<Firehose> {
    const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
    await new Promise<void>((resolve, reject) => server.once('listening', resolve).once('error', reject));
    const firehose = new Firehose(server, traffic, `ws://127.0.0.1:${(server.address() as AddressInfo).port}`);
    server.on('connection', (socket) => socket.on('message', (data) => firehose.answer(socket, JSON.parse(data.toString()) as Message)));
    return firehose;
  }

  /** Sends to the one socket for so long. Answers how many events it was sent. */
  async run(ms: number): Promise<number> {
    const [socket] = this.server.clients;
    if (!socket) throw new Error('nobody is connected');
    const began = this.seq;
    for (const end = Date.now() + ms; Date.now() < end && socket.readyState === socket.OPEN; ) {
      while (socket.bufferedAmount < AHEAD_BYTES) socket.send(this.frame());
      await new Promise((resolve) => setImmediate(resolve));
    }
    return this.seq - began;
  }

  /** The last event: an incident of this id. */
  last(id: string): void {
    for (const socket of this.server.clients) socket.send(this.event(id, 'critical', 'The last one'));
  }

  /** Whether somebody who takes events is there. */
  get connected(): boolean {
    return this.server.clients.size > 0;
  }

  async stop(): Promise<void> {
    for (const socket of this.server.clients) socket.terminate();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private frame(): string {
    const events = Array.from({ length: this.traffic.perFrame }, () => this.event(`inc-${this.seq % INCIDENTS}`, 'low', 'Disk is filling up'));
    return events.length === 1 ? events[0]! : `[${events.join(',')}]`;
  }

  private event(id: string, severity: string, title: string): string {
    const prev = this.seq;
    this.seq += 1;
    const data = `{"title":"${title}","severity":"${severity}","status":"new","updatedAt":${Date.now()},"note":"`;
    const text =
      `{"type":"incident.updated","channel":"incidents","seq":${this.seq},"prev":${prev},"timestamp":${Date.now()},` +
      `"payload":{"incidentId":"${id}","type":"updated","data":${data}`;
    return `${text}${'x'.repeat(Math.max(0, this.traffic.bytes - text.length - 4))}"}}}`;
  }

  private answer(socket: WebSocket, { type, payload }: Message): void {
    const send = (type: string, payload: object) => socket.send(JSON.stringify({ type, channel: 'system', payload, timestamp: Date.now() }));
    if (type === 'hello') {
      send('welcome', { protocol: 1, session: 'bench', user: 'bench', now: Date.now(), maxMessageBytes: 65_536, maxInFlight: 64, reconnectWindowMs: 0 });
    }
    if (type === 'ping') send('pong', payload ?? {});
    for (const { channel } of (type === 'subscribe' && payload?.channels) || []) {
      const at = { channel, epoch: 'bench', seq: this.seq };
      send('subscribed', { ...at, continuity: 'snapshot' });
      send('snapshot', { ...at, part: 0, last: true, items: [] });
    }
  }
}
