// Tables and plots for docs/benchmarks.md. With BENCH_DOCS set they are written there, in the place of the last ones.
import { readFile, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { ROOT } from '../lib/env';

export function machine(): string {
  const [processor] = os.cpus();
  const load = os.loadavg().map((load) => load.toFixed(1));
  return `${os.cpus().length} × ${processor?.model ?? 'unknown processor'}, load ${load.join(' ')}`;
}

export function table(head: string[], rows: (string | number)[][]): string {
  const line = (cells: (string | number)[]) => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')).replaceAll(' ', ''), ...rows.map(line)].join('\n');
}

/** Horizontal bars. `values`: by name, in the order they are drawn. */
export function bars(title: string, unit: string, values: [string, number][]): string {
  const most = Math.max(...values.map(([, value]) => value), 1);
  const [row, left, width] = [24, 190, 360];
  const height = 34 + values.length * row;
  const drawn = values.map(([name, value], at) => {
    const y = 30 + at * row;
    const long = Math.max(1, Math.round((value / most) * width));
    const own = /^(console|demo|sentinelops)$/.test(name);
    return (
      `<text x="${left - 8}" y="${y + 14}" text-anchor="end">${name}</text>` +
      `<rect x="${left}" y="${y + 3}" width="${long}" height="14" rx="2" fill="${own ? '#2f6fde' : '#8a94a6'}"/>` +
      `<text x="${left + long + 6}" y="${y + 14}">${Math.round(value)}</text>`
    );
  });
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 640 ${height}" width="640" height="${height}" role="img" aria-label="${title}">` +
    '<style>svg{background:#fff;font:13px system-ui,sans-serif;fill:#1b2330}</style>' +
    `<text x="8" y="18" font-weight="600">${title} (${unit})</text>${drawn.join('')}</svg>\n`
  );
}

/** Writes a section between its marks, and its plots beside it. */
export async function publish(section: string, text: string, plots: Record<string, string> = {}): Promise<void> {
  console.log(`\n${text}`);
  if (!process.env.BENCH_DOCS) return;
  const docs = path.join(ROOT, 'docs');
  const file = path.join(docs, 'benchmarks.md');
  const [begin, end] = [`<!-- ${section}: written by cargo xtask bench ${section.split(' ')[0]} --docs -->`, `<!-- end of ${section} -->`];
  const before = await readFile(file, 'utf8');
  const [from, to] = [before.indexOf(begin), before.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`docs/benchmarks.md has no section between "${begin}" and "${end}"`);
  await writeFile(file, `${before.slice(0, from)}${begin}\n\n${text}\n\n${before.slice(to)}`);
  for (const [name, plot] of Object.entries(plots)) await writeFile(path.join(docs, 'images', name), plot);
}
