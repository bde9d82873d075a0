// Serves the built site as a CDN would: files as they are, each with what dist/_headers says for its path, index.html
// for routes. The runtime configuration in index.html is filled in per test, which is what it is there for.
import { createServer, type IncomingMessage, type Server } from 'node:http';
import { readdir, readFile } from 'node:fs/promises';
import net from 'node:net';
import path from 'node:path';
import { DIST } from './env';
import { HeaderRules } from './headers';

const TYPES: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.wasm': 'application/wasm',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.json': 'application/json',
  '.woff2': 'font/woff2',
  '.txt': 'text/plain; charset=utf-8',
  '.webmanifest': 'application/manifest+json',
};

export interface Answer {
  status: number;
  headers?: Record<string, string>;
  body?: string | Buffer;
}

export class Site {
  /** Receives what browsers report against the content security policy, pages and workers. */
  onReport: (text: string) => void = () => {};
  /** Change or drop answers: path to handler. Return undefined to go on as usual. */
  readonly overrides = new Map<
    string | RegExp,
    (route: string, request: IncomingMessage) => Answer | undefined | Promise<Answer | undefined>
  >();
  /** Files that are sent otherwise than they were built: path to what becomes of the content. */
  readonly rewrites = new Map<RegExp, (content: Buffer) => Buffer<ArrayBuffer>>();
  /** The policy a route is sent with, from the one of the build. */
  policy: (route: string, built: string) => string = (_, built) => built;
  readonly requests: string[] = [];
  /** Addresses at which somebody wanted a WebSocket; there are none here. */
  readonly dialled: string[] = [];
  /** Where WebSockets at `/ws` are passed on to, as a reverse proxy does: a port of this machine. Default: nowhere. */
  behind?: number;
  /** Pages may register the service worker. In all other tests there is none: it would hide faults of the way to the server. */
  serviceWorker = false;
  private config = '{}';

  private constructor(
    private server: Server,
    readonly port: number,
    private headers: HeaderRules,
    readonly dist: string,
  ) {}

  static async start(config: object, dist = DIST): Promise<Site> {
    const headers = HeaderRules.parse(await readFile(path.join(dist, '_headers'), 'utf8'));
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const site = new Site(server, (server.address() as { port: number }).port, headers, dist);
    site.configure(config);
    server.on('request', (request, response) => {
      site.answer(request.method ?? 'GET', request.url ?? '/', request, response).catch((error) => {
        response.writeHead(500).end(String(error));
      });
    });
    server.on('upgrade', (request, socket, head) => {
      site.dialled.push(request.url ?? '');
      if (site.behind && request.url?.split('?')[0] === '/ws') {
        const lines = request.rawHeaders.flatMap((text, at, all) => (at % 2 ? [] : [`${text}: ${all[at + 1]}`]));
        const gateway = net.connect(site.behind, '127.0.0.1');
        for (const [end, other] of [[socket, gateway], [gateway, socket]] as const) {
          end.on('error', () => other.destroy());
          end.on('close', () => other.destroy());
        }
        gateway.write([`GET ${request.url} HTTP/1.1`, ...lines, '', ''].join('\r\n'));
        gateway.write(head);
        gateway.pipe(socket).pipe(gateway);
        return;
      }
      socket.end('HTTP/1.1 404 Not Found\r\n\r\n');
    });
    return site;
  }

  /** Runtime configuration for pages loaded from now on. */
  configure(config: object): void {
    this.config = JSON.stringify(config);
  }

  url(route = '/', host = '127.0.0.1'): string {
    return `http://${host}:${this.port}${route}`;
  }

  /** A file of the build, by a part of its name. */
  async file(part: string): Promise<Buffer> {
    const assets = path.join(this.dist, 'assets');
    const name = (await readdir(assets)).find((found) => found.includes(part) && !/\.(br|gz)$/.test(found));
    if (!name) throw new Error(`no file of the build is called *${part}*`);
    return readFile(path.join(assets, name));
  }

  /** Runs `script` in workers of pages loaded from now on, before the program of the worker. */
  inWorkers(script: string): void {
    this.rewrites.set(/worker_loader-/, (content) => Buffer.concat([Buffer.from(`${script};\n`), content]));
  }

  /** Where the build says the worker's script is. */
  async workerAddress(): Promise<string> {
    const page = await readFile(path.join(this.dist, 'index.html'), 'utf8');
    const found = /<meta name="sentinelops-worker" content="([^"]+)"/.exec(page);
    if (!found) throw new Error('index.html of the build names no worker');
    return found[1]!;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private async answer(
    method: string,
    url: string,
    request: IncomingMessage,
    response: import('node:http').ServerResponse,
  ): Promise<void> {
    const route = decodeURIComponent(url.split('?')[0]!);
    this.requests.push(route);
    if (route === '/csp-report' && method === 'POST') {
      let body = '';
      for await (const chunk of request) body += chunk;
      const report = JSON.parse(body)['csp-report'] ?? {};
      const directive = report['effective-directive'] ?? report['violated-directive'];
      this.onReport(`${directive} forbids ${report['blocked-uri']} (${report['document-uri']})`);
      response.writeHead(204).end();
      return;
    }
    for (const [match, make] of this.overrides) {
      if (typeof match === 'string' ? match === route : match.test(route)) {
        const answer = await make(route, request);
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
        response.writeHead(404, { 'content-type': 'text/plain', ...this.headersOf(route) }).end('not found');
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
          .replace(/(<meta name="sentinelops-service-worker" content=")[^"]*/, this.serviceWorker ? '$&' : '$1')
          .replace(/(<script[^>]*id="?sentinelops-config"?[^>]*>)[^<]*(<\/script>)/, `$1${this.config}$2`),
      );
    }
    for (const [match, change] of this.rewrites) {
      if (match.test(file)) content = change(content!);
    }
    response.writeHead(200, { 'content-type': TYPES[extension] ?? 'application/octet-stream', ...this.headersOf(route) });
    response.end(content);
  }

  /** What the file says for a path. Reports ride on a policy of their own, so that the one in force is sent as it is. */
  private headersOf(route: string): Record<string, string> {
    const headers = this.headers.of(route);
    const built = headers['content-security-policy'];
    if (!built) return headers;
    const policy = this.policy(route, built);
    return {
      ...headers,
      'content-security-policy': policy,
      'content-security-policy-report-only': `${policy}; report-uri /csp-report`,
    };
  }
}
