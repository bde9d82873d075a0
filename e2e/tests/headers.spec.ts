// What the headers file of the build says, and that every answer carries it: the policy and the rules for caches.
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, expectState, test } from '../lib/fixtures';
import { HeaderRules } from '../lib/headers';
import { DIST } from '../lib/env';

/** The one that is promised, word for word. */
const POLICY =
  "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self' data:; " +
  "font-src 'self'; manifest-src 'self'; connect-src 'self' wss: ws:; worker-src 'self'; base-uri 'none'; " +
  "require-trusted-types-for 'script'; trusted-types sentinelops";
const IMMUTABLE = 'public, max-age=31536000, immutable';

test('the rules of a headers file: every one that fits counts, in order, joined', () => {
  const rules = HeaderRules.parse('/*\n  X-All: 1\n\n# a comment\n/a/*\n\tX-All: 2\n  X-A: a: b\n/a/:id/end\n  X-Id: yes\n/exact.js\n  X-E: e\n');
  expect(rules.of('/')).toEqual({ 'x-all': '1' });
  expect(rules.of('/a/b/c')).toEqual({ 'x-all': '1, 2', 'x-a': 'a: b' });
  expect(rules.of('/a/7/end')).toMatchObject({ 'x-id': 'yes' });
  expect(rules.of('/a/7/8/end')).not.toHaveProperty('x-id');
  expect(rules.of('/exact.js')).toEqual({ 'x-all': '1', 'x-e': 'e' });
  expect(rules.of('/exactXjs')).toEqual({ 'x-all': '1' });
  expect(() => HeaderRules.parse('  X-A: 1')).toThrow('_headers:1');
  expect(() => HeaderRules.parse('/a\n  no header')).toThrow('_headers:2');
  expect(() => HeaderRules.parse('assets/*')).toThrow('slash');
});

test('what the build wrote: the policy for everything, for ever for hashed files, asked each time for pages', async () => {
  const rules = HeaderRules.parse(await readFile(path.join(DIST, '_headers'), 'utf8'));
  for (const [route, cache] of [
    ['/', 'no-cache'],
    ['/index.html', 'no-cache'],
    ['/404.html', 'no-cache'],
    ['/realtime-demo', 'no-cache'],
    ['/assets/worker-0123456789abcdef.js', IMMUTABLE],
    ['/somewhere/else', undefined],
  ] as const) {
    expect(rules.of(route)['content-security-policy'], route).toBe(POLICY);
    expect(rules.of(route)['cache-control'], route).toBe(cache);
  }
});

test("every answer carries it: page, scripts, styles, programs, the worker's own too", async ({ world }) => {
  const answers = new Map<string, Record<string, string>>();
  world.chrome.context.on('response', (response) => {
    if (response.url().startsWith(world.site.url())) answers.set(new URL(response.url()).pathname, response.headers());
  });
  const page = await world.chrome.context.newPage();
  await page.goto(world.site.url('/'));
  await expectState(page, 'Connected');
  for (const part of ['/assets/app-', '/assets/app_bg-', '/assets/worker_loader-', '/assets/worker-', '/assets/worker_bg-', '/assets/boot-', '.css']) {
    expect([...answers.keys()].filter((file) => file.includes(part)), part).not.toEqual([]);
  }
  for (const [file, headers] of answers) {
    expect(headers['content-security-policy'], file).toBe(POLICY);
    expect(headers['cache-control'], file).toBe(file === '/' ? 'no-cache' : IMMUTABLE);
    expect(headers['x-content-type-options'], file).toBe('nosniff');
    expect(headers['referrer-policy'], file).toBe('no-referrer');
    expect(headers['cross-origin-opener-policy'], file).toBe('same-origin');
  }

  // Each page has a program of its own, and loads no other.
  const programs = () => [...answers.keys()].filter((file) => /\/(app|demo)(_bg)?-/.test(file) && !file.endsWith('.css'));
  expect(programs().filter((file) => file.includes('demo'))).toEqual([]);
  expect(programs().length, String(programs())).toBe(2);
  answers.clear();
  const demo = await world.chrome.context.newPage();
  await demo.goto(world.site.url('/realtime-demo'));
  await expectState(demo, 'Connected');
  expect(programs().filter((file) => !file.includes('demo'))).toEqual([]);
  expect(programs().length, String(programs())).toBe(2);
  expect(answers.get('/realtime-demo')!.link).toMatch(/^<\/assets\/demo-[^>]*>; rel=modulepreload; integrity="sha384-/);
  await demo.close();

  // Which is what makes a second visit ask for the page alone.
  const before = world.site.requests.length;
  await page.reload();
  await expectState(page, 'Connected');
  expect(world.site.requests.slice(before)).toEqual(['/']);
});
