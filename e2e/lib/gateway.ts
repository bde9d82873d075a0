// The real gateway as a child process: a free port the first time, the same port at every restart.
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { GATEWAY, ROOT } from './env';
import { Records } from './records';

export interface Stats {
  connections: number;
  connectionsEver: number;
  /** Live subscriptions of all connections. */
  subscriptions: number;
  accepted: number;
  repeated: number;
  effects: { user: string; id: string; key?: string; type: string; index: number; at: number }[];
  /** How often each `user/id` took effect: anything above 1 is a bug. */
  perId: Record<string, number>;
}

export interface GatewayOptions {
  args?: string[];
  /** The line that starts it, as one types it in the checkout, flags included. Default: the program xtask has built. */
  command?: string;
  /** It checks tokens, with the flags for that in `args`. Default: `--dev`, which checks none. */
  checksTokens?: boolean;
  /** Pages that may connect beside those of this machine. */
  origins?: string[];
  /** Keep everything in a data folder, so that it outlives a kill. Default true. */
  stores?: boolean;
  /** Keep everything in this NATS instead, and make up no events. */
  nats?: string;
}

export class Gateway {
  port = 0;
  log = '';
  private child?: ChildProcess;

  private constructor(
    private options: GatewayOptions,
    private dir: string,
  ) {}

  static async start(options: GatewayOptions = {}): Promise<Gateway> {
    const dir = await mkdtemp(path.join(os.tmpdir(), 'sentinelops-gateway-'));
    const gateway = new Gateway(options, dir);
    await gateway.run();
    return gateway;
  }

  get url(): string {
    return `ws://127.0.0.1:${this.port}`;
  }

  /** Starts it (again). */
  async run(): Promise<void> {
    const args = ['--port', String(this.port), '--test-admin', ...(this.options.args ?? [])];
    const { command, checksTokens, nats } = this.options;
    if (nats) args.push('--nats', nats);
    else if (this.stores) args.push('--data', this.dir);
    for (const origin of this.options.origins ?? []) args.push('--origin', origin);
    if (!command && !checksTokens) args.push('--dev');
    if (!command && !nats && !args.includes('--mock')) args.push('--scenario');
    const [program, words] = command ? ['sh', ['-c', `exec ${command} "$@"`, 'sh', ...args]] : [GATEWAY, args];
    const child = spawn(program, words, { cwd: ROOT, stdio: ['ignore', 'pipe', 'pipe'] });
    this.child = child;
    child.stderr!.on('data', (chunk) => (this.log += chunk));
    this.port = await new Promise<number>((resolve, reject) => {
      let text = '';
      child.stdout!.on('data', (chunk) => {
        text += chunk;
        this.log += chunk;
        const found = /listening on ws:\/\/[^:]+:(\d+)/.exec(text);
        if (found) resolve(Number(found[1]));
      });
      child.once('error', reject);
      child.once('exit', (code) => reject(new Error(`gateway ended with ${code}: ${this.log.slice(-2000)}`)));
    });
  }

  /** The process is there. */
  get runs(): boolean {
    return !!this.child && this.child.exitCode === null && this.child.signalCode === null;
  }

  /** kill -9: no goodbye, no flush. */
  async kill(): Promise<void> {
    await this.end('SIGKILL');
  }

  /** SIGTERM: goodbye, then close 1012. */
  async drain(): Promise<void> {
    await this.end('SIGTERM');
  }

  /** What took effect, and how many connections there are and were. Counts from the last start. */
  async stats(): Promise<Stats> {
    const answer = await fetch(`http://127.0.0.1:${this.port}/admin/stats`);
    return (await answer.json()) as Stats;
  }

  /** How often each id was accepted, over all restarts: what its memory on disk says. */
  acceptedEver(): Promise<Map<string, number>> {
    return this.records.acceptedEver();
  }

  /** What the lab's messages say, each of them something else, by id: of those accepted since the last start. */
  chatTexts(): Promise<Map<string, string>> {
    return this.records.chatTexts();
  }

  private get stores(): boolean {
    return (this.options.stores ?? true) && !this.options.nats;
  }

  private records = new Records(async () => {
    if (!this.stores) return [];
    const { stdout } = await promisify(execFile)(GATEWAY, ['records', this.dir], { maxBuffer: 1 << 30 });
    return stdout.split('\n');
  });

  /** Stands still, as a machine in trouble does, until `resume()`. */
  pause(): void {
    this.child?.kill('SIGSTOP');
  }

  resume(): void {
    this.child?.kill('SIGCONT');
  }

  /** Closes every connection with a code. */
  async close(code: number, reason = 'closed by a test'): Promise<void> {
    await this.post(`close?code=${code}&reason=${encodeURIComponent(reason)}`);
  }

  /** Every n-th message gets a retryable nack; 0 ends it. */
  async nackEvery(n: number): Promise<void> {
    await this.post(`nack?every=${n}`);
  }

  async publish(event: { channel: string; type: string; payload: object }): Promise<void> {
    await this.post('publish', JSON.stringify(event));
  }

  /** Many at once: one request. */
  async publishAll(events: { channel: string; type: string; payload: object }[]): Promise<void> {
    await this.post('publish', JSON.stringify(events));
  }

  private published = 0;

  /** A new incident that nobody else made; answers its id. */
  async publishIncident(title: string, severity = 'high'): Promise<string> {
    this.published += 1;
    const incidentId = `inc-test-${this.published}`;
    await this.publish({
      channel: 'incidents',
      type: 'incident.created',
      payload: {
        incidentId,
        type: 'created',
        data: { title, severity, status: 'new', createdAt: Date.now(), updatedAt: Date.now() },
      },
    });
    return incidentId;
  }

  private async post(action: string, body?: string): Promise<void> {
    const answer = await fetch(`http://127.0.0.1:${this.port}/admin/${action}`, { method: 'POST', body });
    if (!answer.ok) throw new Error(`admin/${action}: ${answer.status} ${await answer.text()}`);
  }

  async stop(): Promise<void> {
    await this.end('SIGKILL');
    await rm(this.dir, { recursive: true, force: true });
  }

  private async end(signal: NodeJS.Signals): Promise<void> {
    const child = this.child;
    if (!child || !this.runs) return;
    const gone = new Promise((resolve) => child.once('exit', resolve));
    child.kill(signal);
    await gone;
  }
}
