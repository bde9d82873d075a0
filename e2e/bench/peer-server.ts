// One server for all contenders: it speaks the protocol of each, publishes the same events to all that are connected, and
// counts what takes effect.
import { createServer, type Server as HttpServer } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { Server as SocketIo } from 'socket.io';
import { type WebSocket, WebSocketServer } from 'ws';

interface Peer {
  event(text: string): void;
}

/** How many events centrifuge and socket.io can recover. */
const HISTORY = 10_000;

export class PeerServer {
  /** How often each id took effect. */
  readonly effects = new Map<string, number>();
  private readonly peers = new Set<Peer>();
  private readonly sockets = new Set<Socket>();
  /** The latest events; the first of them is number `dropped + 1`. */
  private history: string[] = [];
  private dropped = 0;

  private constructor(
    private readonly http: HttpServer,
    private readonly io: SocketIo,
    readonly port: number,
  ) {}

  static async start(): Promise<PeerServer> {
    const http = createServer();
    const io = new SocketIo(http, { cors: { origin: '*' }, connectionStateRecovery: {}, serveClient: false });
    await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
    const server = new PeerServer(http, io, (http.address() as AddressInfo).port);
    http.on('connection', (socket) => {
      server.sockets.add(socket);
      socket.on('close', () => server.sockets.delete(socket));
    });
    io.on('connection', (socket) => {
      socket.on('send', (id: string, answer?: () => void) => {
        server.effect(id);
        answer?.();
      });
    });
    const speak: Record<string, (socket: WebSocket) => void> = {
      '/websocket': (socket) => server.plain(socket),
      '/centrifuge': (socket) => server.centrifuge(socket),
      '/phoenix/websocket': (socket) => server.phoenix(socket),
      '/graphql-ws': (socket) => server.graphql(socket),
    };
    const sockets = new WebSocketServer({ noServer: true });
    http.on('upgrade', (request, socket, head) => {
      const accept = speak[(request.url ?? '').split('?')[0]!];
      if (!accept) return;
      sockets.handleUpgrade(request, socket, head, (client) => {
        client.on('error', () => {});
        accept(client);
      });
    });
    return server;
  }

  /** Where a contender connects, through this port. */
  static path(name: string): string {
    const own = ['centrifuge', 'phoenix', 'graphql-ws', 'socket.io'];
    return own.includes(name) ? `/${name}` : '/websocket';
  }

  publish(text: string): void {
    this.history.push(text);
    if (this.history.length > HISTORY) {
      this.history.shift();
      this.dropped += 1;
    }
    for (const peer of this.peers) peer.event(text);
    this.io.emit('event', text);
  }

  async stop(): Promise<void> {
    // Also those that a faulty proxy holds open.
    for (const socket of this.sockets) socket.destroy();
    await this.io.close();
  }

  private effect(id: string): void {
    this.effects.set(id, (this.effects.get(id) ?? 0) + 1);
  }

  private join(socket: WebSocket, peer: Peer): void {
    this.peers.add(peer);
    socket.on('close', () => this.peers.delete(peer));
  }

  private plain(socket: WebSocket): void {
    this.join(socket, { event: (text) => socket.send(text) });
    socket.on('message', (data) => {
      const text = data.toString();
      if (text === 'ping') socket.send('pong');
      else this.effect((JSON.parse(text) as { id: string }).id);
    });
  }

  private centrifuge(socket: WebSocket): void {
    const say = (reply: object) => socket.send(JSON.stringify(reply));
    const pings = setInterval(() => socket.send('{}'), 25_000);
    socket.on('close', () => clearInterval(pings));
    interface Command {
      id?: number;
      connect?: object;
      subscribe?: { recover?: boolean; offset?: number };
      rpc?: { data: { id: string } };
    }
    const answer = ({ id, connect, subscribe, rpc }: Command) => {
      if (connect) say({ id, connect: { client: 'bench', version: '0', ping: 25, pong: true } });
      if (rpc) {
        this.effect(rpc.data.id);
        say({ id, rpc: { data: {} } });
      }
      if (!subscribe) return;
      const last = this.dropped + this.history.length;
      const since = subscribe.offset ?? 0;
      const recovered = subscribe.recover === true && since >= this.dropped;
      const missed = recovered ? this.history.slice(since - this.dropped) : [];
      const publications = missed.map((text, at) => ({ data: JSON.parse(text) as object, offset: since + at + 1 }));
      say({ id, subscribe: { recoverable: true, positioned: true, epoch: 'bench', offset: last, recovered, was_recovering: subscribe.recover, publications } });
      let offset = last;
      this.join(socket, {
        event: (text) => {
          offset += 1;
          socket.send(`{"push":{"channel":"events","pub":{"data":${text},"offset":${offset}}}}`);
        },
      });
    };
    socket.on('message', (data) => {
      for (const line of data.toString().split('\n')) if (line && line !== '{}') answer(JSON.parse(line) as Command);
    });
  }

  private phoenix(socket: WebSocket): void {
    socket.on('message', (data) => {
      const [join, ref, topic, event, payload] = JSON.parse(data.toString()) as [string, string, string, string, { id?: string }];
      const reply = () => socket.send(JSON.stringify([join, ref, topic, 'phx_reply', { status: 'ok', response: {} }]));
      if (event === 'send' && payload.id) this.effect(payload.id);
      reply();
      if (event === 'phx_join') this.join(socket, { event: (text) => socket.send(`["${join}",null,"events","event",${text}]`) });
    });
  }

  private graphql(socket: WebSocket): void {
    const say = (message: object) => socket.send(JSON.stringify(message));
    socket.on('message', (data) => {
      const { type, id, payload } = JSON.parse(data.toString()) as { type: string; id?: string; payload?: { variables?: { id: string } } };
      if (type === 'connection_init') say({ type: 'connection_ack' });
      if (type === 'ping') say({ type: 'pong' });
      if (type !== 'subscribe') return;
      if (payload?.variables) {
        this.effect(payload.variables.id);
        say({ type: 'next', id, payload: { data: { send: true } } });
        say({ type: 'complete', id });
        return;
      }
      this.join(socket, { event: (text) => socket.send(`{"type":"next","id":"${id}","payload":{"data":${text}}}`) });
    });
  }
}
