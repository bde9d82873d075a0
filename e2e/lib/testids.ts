// The test ids that docs/components.md calls stable: what a page shows at the end of a test is listed there.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { Page } from '@playwright/test';
import { ROOT } from './env';

const { ids, banners } = documented(readFileSync(path.join(ROOT, 'docs/components.md'), 'utf8'));

/** What the table below "Test ids" names. */
export function documented(text: string): { ids: Set<string>; banners: Set<string> } {
  const code = (cell = '') => [...cell.matchAll(/`([^`]+)`/g)].map((found) => found[1]!);
  const list = text.split('\n## Test ids')[1] ?? '';
  const rows = list.split('\n').filter((line) => line.startsWith('| `')).map((line) => line.split('|').slice(1));
  const banner = rows.find(([id]) => code(id)[0] === 'banner');
  return { ids: new Set(rows.flatMap(([cell]) => code(cell))), banners: new Set(code(banner?.[2])) };
}

/** Of what these pages show now: what the documentation does not list. `lab-…` is in builds for tests only. */
export async function undocumented(pages: Page[]): Promise<string[]> {
  const look = () => {
    const of = (name: string) => Array.from(document.querySelectorAll(`[${name}]`), (element) => element.getAttribute(name)!);
    return { ids: of('data-testid'), banners: of('data-banner') };
  };
  const nothing = { ids: [] as string[], banners: [] as string[] };
  const late = () => new Promise<typeof nothing>((resolve) => setTimeout(resolve, 2_000, nothing));
  // A page that crashed, hangs or is frozen shows nothing.
  const shown = await Promise.all(pages.map((page) => Promise.race([page.evaluate(look).catch(() => nothing), late()])));
  const faults = [
    ...shown.flatMap((page) => page.ids).filter((id) => !ids.has(id) && !id.startsWith('lab')).map((id) => `the test id ${id}`),
    ...shown.flatMap((page) => page.banners).filter((name) => !banners.has(name)).map((name) => `the banner ${name}`),
  ];
  return [...new Set(faults)].map((what) => `docs/components.md does not list ${what}`);
}
