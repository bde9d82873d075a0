// A NATS server of a test's own, and what the log of its gateways holds: read from NATS itself, without any gateway.
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { NATS } from './env';

/** The end of a line of the protocol, and of a message. */
const END = '\r\n';

export class Nats {
  private constructor(
    private child: ChildProcess,
    private dir: string,
    readonly port: number,
  ) {}

  static async start(): Promise<Nats> {
    const dir = await mkdtemp(path.join(os.tmpdir(), 'sentinelops-nats-'));
    const child = spawn(NATS, ['-a', '127.0.0.1', '-p', '-1', '-js', '-sd', dir], { stdio: ['ignore', 'ignore', 'pipe'] });
    const port = await new Promise<number>((resolve, reject) => {
      let log = '';
      child.stderr!.on('data', (chunk) => {
        log += chunk;
        const found = /client connections on [^\s]*:(\d+)[^]*Server is ready/.exec(log);
        if (found) resolve(Number(found[1]));
      });
      child.once('error', (error) => reject(new Error(`no NATS server: run \`cargo xtask setup\` (${error.message})`)));
      child.once('exit', (code) => reject(new Error(`nats-server ended with ${code}: ${log.slice(-2000)}`)));
    });
    return new Nats(child, dir, port);
  }

  get url(): string {
    return `nats://127.0.0.1:${this.port}`;
  }

  async stop(): Promise<void> {
    const gone = new Promise((resolve) => this.child.once('exit', resolve));
    if (this.child.kill('SIGKILL')) await gone;
    await rm(this.dir, { recursive: true, force: true });
  }
}

/** Every record of the log of the namespace `main`, in order, as it is written. */
export class NatsLog {
  /** Payloads. The message of the epoch is one of them. */
  readonly records: string[] = [];
  private unread = Buffer.alloc(0);
  /** Those who wait for an answer, by the subject it comes to. */
  private asked = new Map<string, (answer: string) => void>();
  private questions = 0;
  private ended: Promise<never>;

  private constructor(private socket: net.Socket) {
    socket.on('data', (chunk: Buffer) => this.take(chunk));
    socket.on('error', () => {});
    this.ended = new Promise((_, reject) => socket.on('close', () => reject(new Error('NATS closed the connection'))));
    this.ended.catch(() => {});
  }

  /** Of gateways that run: they make the streams. */
  static async read(port: number): Promise<NatsLog> {
    const socket = net.connect(port, '127.0.0.1');
    const log = new NatsLog(socket);
    socket.write(`CONNECT {"verbose":false,"headers":true}${END}SUB log 1${END}SUB answer.* 2${END}`);
    const config = { deliver_subject: 'log', deliver_policy: 'all', ack_policy: 'none', replay_policy: 'instant' };
    await log.ask('CONSUMER.CREATE.SO_LOG', { stream_name: 'SO_LOG', config });
    return log;
  }

  /** Waits until everything that the stream holds by now has been read. */
  async catchUp(): Promise<void> {
    const { state } = (await this.ask('STREAM.INFO.SO_LOG')) as { state: { messages: number } };
    const more = () => new Promise((resolve) => this.socket.once('data', resolve));
    while (this.records.length < state.messages) await Promise.race([more(), this.ended]);
  }

  stop(): void {
    this.socket.destroy();
  }

  private async ask(what: string, question?: object): Promise<object> {
    this.questions += 1;
    const [to, body] = [`answer.${this.questions}`, question ? JSON.stringify(question) : ''];
    const answer = new Promise<string>((resolve) => this.asked.set(to, resolve));
    this.socket.write(`PUB $JS.API.${what} ${to} ${Buffer.byteLength(body)}${END}${body}${END}`);
    const found = JSON.parse(await Promise.race([answer, this.ended])) as { error?: { description: string } };
    if (found.error) throw new Error(`NATS, ${what}: ${found.error.description}`);
    return found;
  }

  /** `MSG subject sid [reply] bytes`, and `HMSG` with the length of its headers before; `PING`. */
  private take(chunk: Buffer): void {
    this.unread = Buffer.concat([this.unread, chunk]);
    for (;;) {
      const end = this.unread.indexOf(END);
      if (end < 0) return;
      const words = this.unread.subarray(0, end).toString().split(' ');
      let next = end + END.length;
      if (words[0] === 'MSG' || words[0] === 'HMSG') {
        const bytes = Number(words.at(-1));
        if (this.unread.length < next + bytes + END.length) return;
        const headers = words[0] === 'HMSG' ? Number(words.at(-2)) : 0;
        this.receive(words[1]!, words[2]!, this.unread.subarray(next + headers, next + bytes).toString());
        next += bytes + END.length;
      } else if (words[0] === 'PING') {
        this.socket.write(`PONG${END}`);
      }
      this.unread = this.unread.subarray(next);
    }
  }

  private receive(subject: string, subscription: string, payload: string): void {
    if (subscription === '1') {
      this.records.push(payload);
      return;
    }
    this.asked.get(subject)?.(payload);
    this.asked.delete(subject);
  }
}
