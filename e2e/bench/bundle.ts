// The contenders' pages, each bundled with its library alone.
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import type { Answer } from '../lib/site';

const FOLDER = path.join(path.dirname(fileURLToPath(import.meta.url)), 'peers');

export interface Bundle {
  answer: Answer;
  /** What its script weighs. */
  gzip: number;
}

async function script(contents: string, define: Record<string, string> = {}): Promise<string> {
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: FOLDER, loader: 'ts' },
    bundle: true,
    minify: true,
    write: false,
    format: 'iife',
    define: { 'process.env.NODE_ENV': '"production"', ...define },
  });
  return outputFiles[0]!.text;
}

export async function bundle(name: string): Promise<Bundle> {
  const define: Record<string, string> = name === 'worker' ? { WORKER_THREAD: JSON.stringify(await script("import './worker-thread'")) } : {};
  const text = await script(`import { connect } from './${name}'; import { run } from './peer'; run(connect);`, define);
  const body = `<!doctype html><title>${name}</title><ul></ul><script>${text.replaceAll('</script', '<\\/script')}</script>`;
  return { answer: { status: 200, headers: { 'content-type': 'text/html' }, body }, gzip: gzipSync(text).length };
}
