// A session service as it stands in front of the console: `/sign-in` sets a cookie, `/token` answers tokens to it.
import { createHmac, randomBytes } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { mkdtempSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { Answer, Site } from './site';

const AUDIENCE = 'sentinelops';
const ISSUER = 'https://id.example';
const CHANNELS = ['incidents', 'agents', 'chat', 'alerts', 'activity'];
/** The gateway takes a token for this long (s) after its `exp`. */
export const LEEWAY_S = 30;

export class SignInService {
  /** What tokens are signed with; also the text of the file for `--jwt-key`. */
  private key = randomBytes(48).toString('base64');
  private sessions = new Map<string, string>();
  /** How long tokens are taken by the gateway, s. */
  lifeS = 300;
  /** What a token allows. */
  rights = { read: CHANNELS, write: CHANNELS };
  /** Status of every answer of `/token`, while it is in trouble. */
  trouble?: number;
  /** Each answer of `/token`: who asked, or the status. */
  readonly asked: (string | number)[] = [];
  /** Every token that was given away. */
  readonly tokens: string[] = [];
  /** The way back that `/sign-in` was called with, each time. */
  readonly waysBack: string[] = [];

  /** Flags for a gateway that takes its tokens. */
  flags(): string[] {
    const file = path.join(mkdtempSync(path.join(os.tmpdir(), 'sentinelops-key-')), 'jwt.key');
    writeFileSync(file, this.key);
    return ['--jwt-key', file, '--audience', AUDIENCE, '--issuer', ISSUER];
  }

  /** Answers for a site from now on. */
  attach(site: Site): void {
    site.overrides.set('/token', (_, request) => this.token(request));
    site.overrides.set('/sign-in', (_, request) => this.page(request));
    site.overrides.set('/sign-in/as', (_, request) => this.signIn(request));
  }

  /** Every session ends. */
  endSessions(): void {
    this.sessions.clear();
  }

  private token(request: IncomingMessage): Answer {
    const user = this.userOf(request);
    if (this.trouble) return this.answered(this.trouble, { status: this.trouble, body: 'in trouble' });
    if (request.method !== 'GET' || request.headers['sec-fetch-site'] !== 'same-origin') return this.answered(400, { status: 400 });
    if (!user) return this.answered(401, { status: 401, body: 'nobody is signed in' });
    const token = this.make(user);
    this.tokens.push(token);
    return this.answered(user, {
      status: 200,
      headers: { 'content-type': 'application/json', 'cache-control': 'no-store' },
      body: JSON.stringify({ token }),
    });
  }

  private answered(what: string | number, answer: Answer): Answer {
    this.asked.push(what);
    return answer;
  }

  private page(request: IncomingMessage): Answer {
    const back = new URL(request.url!, 'http://here').searchParams.get('rd') ?? '';
    this.waysBack.push(back);
    const link = (user: string) => `<a href="/sign-in/as?user=${user}&amp;rd=${encodeURIComponent(back)}">${user}</a>`;
    const body = `<!doctype html><title>Sign in</title><h1>Sign in</h1>${link('ann')} ${link('bob')}`;
    return { status: 200, headers: { 'content-type': 'text/html; charset=utf-8' }, body };
  }

  private signIn(request: IncomingMessage): Answer {
    const query = new URL(request.url!, 'http://here').searchParams;
    const [user, back] = [query.get('user')!, query.get('rd') ?? ''];
    // A service that follows anything else is an open redirect.
    if (!/^\/(?![/\\])/.test(back)) return { status: 400, body: `rd is ${back}: a path is allowed` };
    const id = randomBytes(16).toString('hex');
    this.sessions.set(id, user);
    return { status: 303, headers: { location: back, 'set-cookie': `session=${id}; Path=/; HttpOnly; SameSite=Lax` } };
  }

  private userOf(request: IncomingMessage): string | undefined {
    const id = /(?:^|; )session=([0-9a-f]+)/.exec(request.headers.cookie ?? '')?.[1];
    return id && this.sessions.get(id);
  }

  /** A token that the gateway takes. */
  make(user: string): string {
    const now = Math.floor(Date.now() / 1000);
    const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
    const claims = {
      sub: user,
      aud: AUDIENCE,
      iss: ISSUER,
      iat: now,
      exp: now + this.lifeS - LEEWAY_S,
      jti: randomBytes(8).toString('hex'),
      so: this.rights,
    };
    const text = `${part({ alg: 'HS256', typ: 'JWT' })}.${part(claims)}`;
    return `${text}.${createHmac('sha256', this.key).update(text).digest('base64url')}`;
  }
}
