// Every width by every height, with titles as they come: everything that can be pressed can be reached, and axe finds
// nothing. One page is resized through the matrix.
import type { Page } from '@playwright/test';
import { violations } from '../lib/axe';
import { banner } from '../lib/banners';
import { expect, expectState, test, type World } from '../lib/fixtures';

const WIDTHS = [320, 360, 768, 1024, 1440, 2560];
const HEIGHTS = [256, 450, 900];
const LENGTH = 4_000;
const TITLES = {
  'without a space': 'kube_pod_container_status_waiting_reason{namespace="payments",pod="checkout-api-7d9f8b6c5"}'.repeat(50),
  'right to left': 'تعذر_الوصول_إلى_قاعدة_البيانات'.repeat(200),
  emoji: '🔥💥🚨👩‍🚒'.repeat(700),
};
const USUAL = 'Checkout latency above 2 s in eu-west, error budget burns 14 times too fast';

/** At most so many characters, none of them cut in half. */
const cut = (title: string, length = LENGTH) => [...title].slice(0, length).join('');

// Much is measured: some 20 s each on two free cores, far more beside other work.
test.describe.configure({ timeout: 180_000 });
test.use({
  gatewayOptions: { args: ['--rate', '0', '--seed', '7'] },
  config: { linkTemplates: [{ label: 'W'.repeat(40), url: 'https://runbooks.example/{alertname}' }] },
});

/** At this size, with the layout that scripts choose for it, too. */
async function resize(page: Page, width: number, height: number): Promise<void> {
  await page.setViewportSize({ width, height });
  await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done(0)))));
}

/** Those that match and that a press at their middle would not hit, after they were scrolled into view. */
function unreachable(page: Page, selector: string): Promise<string[]> {
  return page.evaluate((selector) => {
    const missed: string[] = [];
    const found = document.querySelectorAll<HTMLElement>(selector);
    if (!found.length) missed.push(`nothing matches ${selector}`);
    for (const element of Array.from(found)) {
      element.scrollIntoView({ block: 'center' });
      const { left, right, top, bottom } = element.getBoundingClientRect();
      const name = element.dataset.testid ?? element.textContent;
      const hit = document.elementFromPoint((left + right) / 2, (top + bottom) / 2);
      if (!hit || !element.contains(hit)) missed.push(`${name} is under ${hit?.className ?? 'nothing'}`);
      else if (left < -1 || right > innerWidth + 1) missed.push(`${name} from ${left} to ${right} of ${innerWidth}`);
      // Wider than its panel it is cut, even where its middle shows. A pixel is what rounding makes of it.
      const panel = element.closest('.panel')?.getBoundingClientRect();
      if (panel && (left < panel.left - 1 || right > panel.right + 1)) missed.push(`${name} is cut by its panel`);
    }
    return missed;
  }, selector);
}

/** Goes through the matrix; answers what `look` finds at each size. */
async function through(page: Page, look: (width: number, height: number) => Promise<string[]>): Promise<string[]> {
  const found: string[] = [];
  for (const width of WIDTHS) {
    for (const height of HEIGHTS) {
      await resize(page, width, height);
      found.push(...(await look(width, height)).map((line) => `${width}x${height}: ${line}`));
    }
  }
  return found;
}

/** So many of each severity: by default as many as take two digits to count. */
async function publishMany(world: World, title: string, count = 13): Promise<void> {
  const now = Date.now();
  await world.gateway.publishAll(
    ['critical', 'high', 'medium', 'low'].flatMap((severity) =>
      Array.from({ length: count }, (_, at) => ({
        channel: 'incidents',
        type: 'incident.created',
        payload: {
          incidentId: `inc-${severity}-${at}`,
          type: 'created',
          data: { title, severity, status: 'new', createdAt: now - at, updatedAt: now - at },
        },
      })),
    ),
  );
}

/** A raised alert of an incident, with labels as long as its title. */
async function publishAlert(world: World, incidentId: string, title: string): Promise<void> {
  const [name, value] = [cut(title, 200), cut(title, 1_000)];
  const labels = { alertname: value, [name]: 'x', severity: 'critical', w: name, z: '<b>z</b>' };
  const payload = { id: `alert-${incidentId}`, severity: 'critical', title: value, source: value, ingest: name, stale: true, incidentId, labels };
  await world.gateway.publish({ channel: 'alerts', type: 'alert.raised', payload });
}

test('every action and the composer can be hit at every size, whatever the title', async ({ world }) => {
  const page = await world.open('/');
  const pressed = ['[data-testid^=action-]', '[data-testid=chat-input]', '[data-testid=chat-send]', '[data-testid=detail-close]'];
  pressed.push(...['summary', '[data-testid=alert-acknowledge]', '[data-testid=alert-link]'].map((what) => `[data-testid=incident-detail] ${what}`));
  for (const [kind, title] of Object.entries(TITLES)) {
    const id = await world.gateway.publishIncident(cut(title), 'critical');
    await publishAlert(world, id, title);
    await page.goto(world.site.url(`/?incident=${id}`));
    await expect(page.getByTestId('detail-title')).toBeVisible();
    await expect(page.getByTestId('incident-alerts').getByTestId('alert-link')).toBeVisible();
    const found = await through(page, async () => {
      const missed: string[] = [];
      for (const selector of pressed) missed.push(...(await unreachable(page, selector)));
      const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      return wide > 0 ? [...missed, `the page is ${wide} px too wide`] : missed;
    });
    expect(found, kind).toEqual([]);
  }
});

test('the board shows rows, titles one can read and every filter, at every size', async ({ world }) => {
  await publishMany(world, USUAL);
  const page = await world.open('/?group=off');
  await expect(page.getByTestId('incident-row').first()).toBeVisible();
  const found = await through(page, async () => {
    const missed = await unreachable(page, '[data-testid=incident-search], [data-testid=incident-scope], [data-testid=board-more], .view, .chip, .topbar button');
    missed.push(...(await unreachable(page, '[data-testid=incident-row]:first-child button')));
    const letters = await page.evaluate(() => {
      const name = document.querySelector('.row__name')!;
      const range = document.createRange();
      const text = name.firstChild as Text;
      const { right } = name.getBoundingClientRect();
      for (let end = text.length; end > 0; end -= 1) {
        range.setStart(text, end - 1);
        range.setEnd(text, end);
        if (range.getBoundingClientRect().right <= right) return end;
      }
      return 0;
    });
    return letters < 22 ? [...missed, `${letters} letters of a title`] : missed;
  });
  // The rest of the filter, and a group, with as much of its title as a row shows.
  await page.goto(world.site.url('/'));
  await expect(page.getByTestId('incident-group').first()).toBeVisible();
  found.push(...(await through(page, () => unreachable(page, '[data-testid=incident-group]:first-child button'))));
  await page.getByTestId('board-more').click();
  found.push(...(await through(page, () => unreachable(page, '[data-testid=board-filters] :is(select, input, button)'))));
  expect(found).toEqual([]);
});

test('axe finds nothing at any width, in either theme, also while a row is highlighted', async ({ world }) => {
  await publishMany(world, USUAL, 2);
  const id = await world.gateway.publishIncident(cut(TITLES['without a space']), 'critical');
  await publishAlert(world, id, TITLES['without a space']);
  const page = await world.open('/');
  await expectState(page, 'Connected');
  const highlight = async () => {
    for (const severity of ['critical', 'high']) {
      const status = severity === 'high' ? 'resolved' : 'acknowledged';
      const data = { status: 'new', title: `${USUAL} ${Date.now()}`, updatedAt: Date.now() };
      const incidentId = `inc-${severity}-${status === 'resolved' ? 1 : 0}`;
      await world.gateway.publish({ channel: 'incidents', type: 'incident.updated', payload: { incidentId, type: 'updated', data } });
    }
    // Held: the mark stands for two seconds, and axe may take longer.
    await expect
      .poll(() =>
        page.evaluate(() => {
          const marked = document.querySelectorAll('.row--touched');
          marked.forEach((row) => {
            const hold = new MutationObserver(() => row.classList.contains('row--touched') || row.classList.add('row--touched'));
            hold.observe(row, { attributeFilter: ['class'] });
          });
          return marked.length;
        }),
      )
      .toBeGreaterThan(0);
  };
  const pages: [string, string, () => Promise<void>][] = [
    ['console, row highlighted', '/', highlight],
    ['detail', `/?incident=${id}`, () => expect(page.getByTestId('detail-title')).toBeVisible()],
    ['demo', '/realtime-demo', () => expect(page.getByTestId('incident-row').first()).toBeVisible()],
    ['not found', '/nowhere', () => expect(page.getByTestId('not-found')).toBeVisible()],
    [
      'sign-out',
      '/nowhere',
      async () => {
        await page.getByTestId('sign-out').click();
        await expect(page.getByTestId('sign-out-dialog')).toBeVisible();
      },
    ],
  ];
  const found: string[] = [];
  for (const [name, route, arrange] of pages) {
    for (const theme of ['light', 'dark']) {
      await page.goto(world.site.url(route));
      // Before a row is highlighted: a paused animation keeps the colours of the theme in which it began.
      await page.evaluate((theme) => document.documentElement.setAttribute('data-theme', theme), theme);
      if (name.startsWith('console')) await expect(page.getByTestId('incident-row').first()).toBeVisible();
      await arrange();
      for (const width of WIDTHS) {
        await resize(page, width, 900);
        // A theme changes colours and nothing else.
        const rules = theme === 'light' ? undefined : ['color-contrast'];
        found.push(...(await violations(page, rules)).map((line) => `${name}, ${theme}, ${width}: ${line}`));
      }
    }
  }
  expect(found).toEqual([]);
});

test('nothing moves while the connection goes and comes back', async ({ world }) => {
  await publishMany(world, USUAL);
  const page = await world.open('/');
  await resize(page, 1440, 900);
  await expect(page.getByTestId('incident-row').first()).toBeVisible();
  await expectState(page, 'Connected');
  await page.evaluate(() => {
    const moved: number[] = [];
    Object.assign(window, { moved });
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries()) moved.push((entry as unknown as { value: number }).value);
    }).observe({ type: 'layout-shift' });
  });
  const top = () => page.getByTestId('incident-row').first().evaluate((row) => row.getBoundingClientRect().top);
  const before = await top();
  world.proxy.cut();
  await expect(banner(page, 'connection')).toBeVisible();
  expect(await top()).toBe(before);
  const missed = await unreachable(page, '.topbar a, .topbar button');
  expect(missed).toEqual([]);
  world.proxy.restore();
  await expectState(page, 'Connected');
  await expect(banner(page, 'connection')).toHaveCount(0);
  expect(await top()).toBe(before);
  const moved = await page.evaluate(() => (window as unknown as { moved: number[] }).moved);
  expect(moved.reduce((sum, value) => sum + value, 0)).toBeLessThan(0.001);
});

test('on paper: every row with its whole title, dark on white, with when and whether it was live', async ({ world }) => {
  await publishMany(world, USUAL, 30);
  const page = await world.open('/');
  await expect(page.getByTestId('incident-row').first()).toBeVisible();
  await page.evaluate(() => document.documentElement.setAttribute('data-theme', 'dark'));
  // Also those that a group holds, which is closed on the screen.
  await expect(page.getByTestId('incident-group')).toHaveCount(4);
  const all = Number.parseInt((await page.getByTestId('incidents-panel').locator('.panel__count').textContent()) ?? '', 10);
  expect(all).toBeGreaterThanOrEqual(120);
  expect(await page.getByTestId('incident-row').count()).toBeLessThan(all);
  await page.emulateMedia({ media: 'print' });
  await expect(page.getByTestId('incident-row')).toHaveCount(all);
  await expect(page.getByTestId('incident-group')).toHaveCount(4);
  await expect(page.getByTestId('print-header')).toContainText('As of ');
  const cut = await page.getByTestId('incident-title').evaluateAll(
    (titles) => titles.filter((title) => title.scrollWidth > title.clientWidth + 1).length,
  );
  expect(cut).toBe(0);
  const { ink, end, height } = await page.evaluate(() => {
    const last = Array.from(document.querySelectorAll('[data-testid=incident-row]')).at(-1)!.getBoundingClientRect();
    return { ink: getComputedStyle(document.body).color, end: last.bottom, height: document.documentElement.scrollHeight };
  });
  expect(ink).toBe('rgb(23, 32, 38)');
  expect(end).toBeLessThanOrEqual(height);
  await page.emulateMedia({ media: 'screen' });
  await expect.poll(() => page.getByTestId('incident-row').count()).toBeLessThan(all);
});
