// The real gateway as a child process: a free port the first time, the same port at every restart.
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { GATEWAY } from './env';

export interface GatewayOptions {
  args?: string[];
  /** Keep accepted ids and state in a file, so that they outlive a kill. Default true. */
  remember?: boolean;
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
    if (this.options.remember ?? true) args.push('--remember', path.join(this.dir, 'memory'));
    const child = spawn(GATEWAY, args, { stdio: ['ignore', 'pipe', 'pipe'] });
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

  /** kill -9: no goodbye, no flush. */
  async kill(): Promise<void> {
    await this.end('SIGKILL');
  }

  /** SIGTERM: goodbye, then close 1012. */
  async drain(): Promise<void> {
    await this.end('SIGTERM');
  }

  async admin(action: string): Promise<unknown> {
    const method = action.startsWith('stats') ? 'GET' : 'POST';
    const answer = await fetch(`http://127.0.0.1:${this.port}/admin/${action}`, { method });
    if (!answer.ok) throw new Error(`admin/${action}: ${answer.status} ${await answer.text()}`);
    const text = await answer.text();
    return text ? JSON.parse(text) : undefined;
  }

  async stop(): Promise<void> {
    await this.end('SIGKILL');
    await rm(this.dir, { recursive: true, force: true });
  }

  private async end(signal: NodeJS.Signals): Promise<void> {
    const child = this.child;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const gone = new Promise((resolve) => child.once('exit', resolve));
    child.kill(signal);
    await gone;
  }
}
