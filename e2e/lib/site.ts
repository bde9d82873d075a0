// Serves the built site as a CDN would: files as they are, dist/_headers on every answer, index.html for
// routes. The runtime configuration in index.html is filled in per test, which is what it is there for.
import { createServer, type Server } from 'node:http';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { DIST } from './env';

const TYPES: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.wasm': 'application/wasm',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.json': 'application/json',
  '.webmanifest': 'application/manifest+json',
};

export interface Report {
  directive: string;
  blocked: string;
  document: string;
}

export interface Answer {
  status: number;
  headers?: Record<string, string>;
  body?: string | Buffer;
}

export class Site {
  /** What browsers reported against the content security policy, pages and workers. */
  readonly violations: Report[] = [];
  /** Change or drop answers: path to handler. Return undefined to go on as usual. */
  readonly overrides = new Map<string | RegExp, (route: string) => Answer | undefined | Promise<Answer | undefined>>();
  /** Files that are sent otherwise than they were built: path to what becomes of the content. */
  readonly rewrites = new Map<RegExp, (content: Buffer) => Buffer<ArrayBuffer>>();
  /** The policy a route is sent with, from the one of the build. */
  policy: (route: string, built: string) => string = (_, built) => built;
  readonly requests: string[] = [];
  private config = '{}';

  private constructor(
    private server: Server,
    readonly port: number,
    private csp: string,
    readonly dist: string,
  ) {}

  static async start(config: object, dist = DIST): Promise<Site> {
    const csp = contentSecurityPolicy(await readFile(path.join(dist, '_headers'), 'utf8'));
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const site = new Site(server, (server.address() as { port: number }).port, csp, dist);
    site.configure(config);
    server.on('request', (request, response) => {
      site.answer(request.method ?? 'GET', request.url ?? '/', request, response).catch((error) => {
        response.writeHead(500).end(String(error));
      });
    });
    return site;
  }

  /** Runtime configuration for pages loaded from now on. */
  configure(config: object): void {
    this.config = JSON.stringify(config);
  }

  url(route = '/'): string {
    return `http://127.0.0.1:${this.port}${route}`;
  }

  /** A file of the build, by a part of its name. */
  async file(part: string): Promise<Buffer> {
    const assets = path.join(this.dist, 'assets');
    const name = (await readdir(assets)).find((found) => found.includes(part));
    if (!name) throw new Error(`no file of the build is called *${part}*`);
    return readFile(path.join(assets, name));
  }

  /** Runs `script` in workers of pages loaded from now on, before the program of the worker. */
  inWorkers(script: string): void {
    this.rewrites.set(/worker_loader-/, (content) => Buffer.concat([Buffer.from(`${script};\n`), content]));
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private async answer(
    method: string,
    url: string,
    request: import('node:http').IncomingMessage,
    response: import('node:http').ServerResponse,
  ): Promise<void> {
    const route = decodeURIComponent(url.split('?')[0]!);
    this.requests.push(route);
    if (route === '/csp-report' && method === 'POST') {
      let body = '';
      for await (const chunk of request) body += chunk;
      const report = JSON.parse(body)['csp-report'] ?? {};
      this.violations.push({
        directive: report['effective-directive'] ?? report['violated-directive'],
        blocked: report['blocked-uri'],
        document: report['document-uri'],
      });
      response.writeHead(204).end();
      return;
    }
    for (const [match, make] of this.overrides) {
      if (typeof match === 'string' ? match === route : match.test(route)) {
        const answer = await make(route);
        if (answer) {
          response.writeHead(answer.status, answer.headers).end(answer.body ?? '');
          return;
        }
      }
    }
    let file = path.join(this.dist, path.normalize(route));
    let content: Buffer<ArrayBuffer> | undefined = await readFile(file).catch(() => undefined);
    if (!content) {
      if (path.extname(route)) {
        response.writeHead(404, { 'content-type': 'text/plain' }).end('not found');
        return;
      }
      file = path.join(this.dist, 'index.html');
      content = await readFile(file);
    }
    const extension = path.extname(file);
    if (extension === '.html') {
      content = Buffer.from(
        content
          .toString('utf8')
          .replace(/(<script[^>]*id="?sentinelops-config"?[^>]*>)[^<]*(<\/script>)/, `$1${this.config}$2`),
      );
    }
    for (const [match, change] of this.rewrites) {
      if (match.test(file)) content = change(content!);
    }
    response.writeHead(200, {
      'content-type': TYPES[extension] ?? 'application/octet-stream',
      'content-security-policy': `${this.policy(route, this.csp)}; report-uri /csp-report`,
      'cache-control': 'no-cache',
      'x-content-type-options': 'nosniff',
    });
    response.end(content);
  }
}

/** The policy as the build wrote it for the CDN: the e2e server sends the same, not a copy of its own. */
function contentSecurityPolicy(headers: string): string {
  const line = /^\s*Content-Security-Policy:\s*(.+)$/im.exec(headers);
  if (!line) throw new Error('dist/_headers holds no Content-Security-Policy line');
  return line[1]!.trim();
}
