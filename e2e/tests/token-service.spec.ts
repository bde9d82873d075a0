// The token service that docs/security.md shows gives tokens that the gateway takes.
import { execFileSync, spawn } from 'node:child_process';
import { mkdtemp, readFile, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { expect, test } from '@playwright/test';
import { GATEWAY, ROOT } from '../lib/env';

test('the token service of the documentation gives tokens that the gateway takes', async () => {
  const docs = await readFile(path.join(ROOT, 'docs/security.md'), 'utf8');
  const script = /```js\n([\s\S]*?)```/.exec(docs)![1]!;
  const dir = await mkdtemp(path.join(os.tmpdir(), 'sentinelops-token-'));
  const [file, key] = [path.join(dir, 'token.mjs'), path.join(dir, 'jwt.key')];
  // The port it was given by the system, on its first line.
  await writeFile(file, script.replace(/\)\.listen\((.*)\);\s*$/, ').listen($1, function () { process.stdout.write(String(this.address().port)); });'));
  await writeFile(key, `${'k'.repeat(48)}\n`);
  const child = spawn(process.execPath, [file], { env: { ...process.env, JWT_KEY: key, PORT: '0' }, stdio: ['ignore', 'pipe', 'inherit'] });
  try {
    const port = await new Promise<number>((resolve, reject) => {
      child.stdout.once('data', (chunk) => resolve(Number(chunk)));
      child.once('exit', (code) => reject(new Error(`the token service ended with ${code}`)));
    });
    const ask = (headers: Record<string, string>) => fetch(`http://127.0.0.1:${port}/token`, { headers });
    expect((await ask({})).status).toBe(401);
    const flags = ['token', '--jwt-key', key, '--audience', 'sentinelops', '--issuer', 'https://ops.example.com'];
    const check = (token: string) => execFileSync(GATEWAY, [...flags, '--check', '-'], { input: token, encoding: 'utf8' });
    for (const [groups, write] of [['oncall,staff', 'write: incidents, agents, chat'], ['staff', 'write: chat\n']] as const) {
      const answer = await ask({ 'x-auth-request-user': 'ann', 'x-auth-request-groups': groups });
      expect(answer.headers.get('cache-control')).toBe('no-store');
      const { token } = (await answer.json()) as { token: string };
      const shown = check(token);
      expect(shown).toContain('user:  ann');
      expect(shown).toContain(write);
    }
  } finally {
    child.kill();
  }
});
