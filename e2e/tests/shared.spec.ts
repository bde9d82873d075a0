// An incident that several people work on: messages with lines, code and lists, links that text from the network cannot bend,
// people who are named, title and severity, and who was faster.
import type { Page } from '@playwright/test';
import { violations } from '../lib/axe';
import { openAs } from '../lib/console';
import { expect, test } from '../lib/fixtures';

test.use({ gatewayOptions: { args: ['--rate', '0', '--seed', '5'] } });

const texts = (page: Page) => page.getByTestId('incident-detail').getByTestId('chat-text');
const input = (page: Page) => page.getByTestId('incident-detail').getByTestId('chat-input');

test('a message of several lines by keys: code, a list and an incident, which is a link; nothing of it is HTML', async ({ world }) => {
  const [id, other] = [await world.gateway.publishIncident('Checkout is down', 'critical'), await world.gateway.publishIncident('Cache is cold', 'low')];
  const page = await openAs(world, 'ann', { route: `/?incident=${id}` });
  await expect(page.getByTestId('detail-title')).toBeVisible();
  await page.locator('#main').press('c');
  await expect(input(page)).toBeFocused();
  const height = () => input(page).evaluate((field) => field.getBoundingClientRect().height);
  const low = await height();
  const lines = [`like ${other}, run:`, '```', 'kubectl get pods <b>', '  --watch', '```', '- first `drain`', '- then <img src=x onerror=alert(1)>'];
  for (const [at, line] of lines.entries()) {
    if (at) await page.keyboard.press('Shift+Enter');
    await page.keyboard.type(line);
  }
  await expect(input(page)).toHaveValue(lines.join('\n'));
  expect(await height(), 'it grows with the lines').toBeGreaterThan(low * 2);
  // A draft of several lines outlives a reload.
  await page.reload();
  await expect(input(page)).toHaveValue(lines.join('\n'));
  await input(page).focus();
  await page.keyboard.press('Escape');
  await expect(page.getByTestId('incident-detail'), 'a draft is not thrown away').toBeVisible();
  await page.keyboard.press('Enter');
  await expect(input(page)).toHaveValue('');
  expect(await height()).toBe(low);
  await expect(texts(page).locator('pre')).toHaveText('kubectl get pods <b>\n  --watch');
  await expect(texts(page).locator('li')).toHaveText(['first drain', 'then <img src=x onerror=alert(1)>']);
  await expect(texts(page).locator('li code')).toHaveText('drain');
  expect(await texts(page).locator('img, b, a').count()).toBe(0);
  for (const [theme, width] of [['light', 1440], ['dark', 1440], ['dark', 360], ['light', 360]] as const) {
    await page.emulateMedia({ colorScheme: theme });
    await page.setViewportSize({ width, height: 900 });
    await texts(page).scrollIntoViewIfNeeded();
    expect(await violations(page), `${theme}, ${width} px`).toEqual([]);
    await page.screenshot({ path: test.info().outputPath(`message-${theme}-${width}.png`) });
    const { right } = await texts(page).evaluate((text) => text.getBoundingClientRect());
    expect(right, 'code scrolls by itself').toBeLessThanOrEqual(width);
  }
  await page.setViewportSize({ width: 1440, height: 900 });
  await expect(page.getByTestId('message-state').last()).toHaveAttribute('data-state', 'delivered');
  // A colleague reads the same, and follows the link by keys.
  const colleague = await world.chrome.browser.newContext();
  try {
    const bob = await openAs(world, 'bob', { route: `/?incident=${id}`, context: colleague });
    await expect(texts(bob).locator('pre')).toHaveText('kubectl get pods <b>\n  --watch');
    await texts(bob).getByRole('button', { name: other }).press('Enter');
    await expect(bob.getByTestId('detail-title')).toHaveText('Cache is cold');
    await expect(bob).toHaveURL(new RegExp(`incident=${other}`));
    await expect(bob.getByTestId('detail-close'), 'the focus follows').toBeFocused();
    await expect(texts(bob)).toHaveCount(0);
  } finally {
    await colleague.close();
  }
});

test('links of an incident are made of the operator\'s templates; text from the network stays behind the host', async ({ world }) => {
  const linkTemplates = [
    { label: 'Runbook', url: 'https://runbooks.example/{service}/{severity}' },
    { label: 'Dashboard', url: 'https://grafana.example/d/x?var-incident={id}' },
    { label: 'Of alerts', url: 'https://runbooks.example/{alertname}' },
  ];
  const hostile = ['//evil.example', '../../admin', 'a@evil.example', 'x?y#z', '\\evil.example', 'javascript:alert(1)', '"><script>'];
  for (const [at, service] of hostile.entries()) {
    await world.gateway.publish({
      channel: 'incidents',
      type: 'incident.created',
      payload: { incidentId: `inc-h${at}`, type: 'created', data: { title: service, severity: 'high', status: 'new', service, id: 'inc-other' } },
    });
  }
  const page = await openAs(world, 'ann', { route: '/?incident=inc-h0', config: { linkTemplates } });
  for (const [at, service] of hostile.entries()) {
    await page.goto(world.site.url(`/?incident=inc-h${at}`));
    await expect(page.getByTestId('detail-title')).toHaveText(service);
    const links = page.getByTestId('incident-link');
    await expect(links).toHaveText([`Runbook of inc-h${at}, in a new tab`, `Dashboard of inc-h${at}, in a new tab`]);
    const found = await links.evaluateAll((all) => all.map((link) => {
      const { href, rel, target } = link as HTMLAnchorElement;
      const { origin, pathname, search } = new URL(href);
      return { origin, steps: pathname.split('/').length, search, rel, target };
    }));
    expect(found).toEqual([
      { origin: 'https://runbooks.example', steps: 3, search: '', rel: 'noopener noreferrer', target: '_blank' },
      { origin: 'https://grafana.example', steps: 3, search: `?var-incident=inc-h${at}`, rel: 'noopener noreferrer', target: '_blank' },
    ]);
  }
});

test('title and severity are changed by keys, by two people at once, each what they changed', async ({ world }) => {
  const id = await world.gateway.publishIncident('Checkout is slow', 'low');
  const page = await openAs(world, 'ann', { route: `/?incident=${id}` });
  const colleague = await world.chrome.browser.newContext();
  try {
    const bob = await openAs(world, 'bob', { route: `/?incident=${id}`, context: colleague });
    for (const each of [page, bob]) {
      await expect(each.getByTestId('detail-title')).toHaveText('Checkout is slow');
      await each.locator('#main').press('s');
      await expect(each.getByTestId('edit-incident-title')).toHaveValue('Checkout is slow');
    }
    await bob.getByTestId('edit-incident-severity').selectOption('critical');
    await bob.getByTestId('edit-incident-save').press('Enter');
    await expect(page.getByTestId('incident-detail').getByTestId('severity').first()).toHaveText('Critical');
    await expect(page.getByTestId('edit-incident-meanwhile')).toHaveText('Changed meanwhile: critical');
    await page.getByTestId('edit-incident-title').fill('');
    await page.keyboard.press('Enter');
    await expect(page.getByText('Say in a few words what is wrong.')).toBeVisible();
    expect(await violations(page)).toEqual([]);
    await page.screenshot({ path: test.info().outputPath('edit.png') });
    await page.getByTestId('edit-incident-title').fill('Checkout is down');
    await page.keyboard.press('Enter');
    await expect(page.getByTestId('edit-incident-dialog')).toHaveCount(0);
    for (const each of [page, bob]) {
      await expect(each.getByTestId('detail-title')).toHaveText('Checkout is down');
      await expect(each.getByTestId('incident-detail').getByTestId('severity').first()).toHaveText('Critical');
    }
    // Nothing was changed: nothing is sent.
    const { accepted } = await world.gateway.stats();
    await page.getByTestId('incident-edit').press('Enter');
    await page.keyboard.press('Enter');
    await expect(page.getByTestId('edit-incident-dialog')).toHaveCount(0);
    await expect(page.getByTestId('incident-edit'), 'the focus is back').toBeFocused();
    expect((await world.gateway.stats()).accepted).toBe(accepted);
  } finally {
    await colleague.close();
  }
});

test('the detail says who was faster with the same, and how long before', async ({ world }) => {
  const id = await world.gateway.publishIncident('Orders stand still', 'critical');
  const page = await openAs(world, 'ann', { route: `/?incident=${id}`, config: { url: `${world.proxy.url}/?user=ann` } });
  const other = await world.chrome.browser.newContext();
  try {
    const bob = await openAs(world, 'bob', { route: `/?incident=${id}`, context: other });
    world.proxy.cut();
    await page.bringToFront();
    await page.getByTestId('action-acknowledge').press('Enter');
    await bob.bringToFront();
    await bob.getByTestId('action-resolve').press('Enter');
    await expect(bob.getByTestId('incident-detail').getByTestId('incident-status')).toHaveText('Resolved');
    const told = page.getByTestId('incident-detail').getByTestId('overtaken');
    await expect(told).toHaveCount(0);
    world.proxy.restore();
    await page.bringToFront();
    await expect(told).toHaveText(new RegExp(`^bob resolved ${id} (just|\\d+ s) before your change$`));
    expect(await violations(page)).toEqual([]);
    await page.screenshot({ path: test.info().outputPath('overtaken.png') });
    // Nobody was faster than bob.
    await expect(bob.getByTestId('overtaken')).toHaveCount(0);
  } finally {
    await other.close();
  }
});

test('a message names a person by keys: it is marked for everybody, and calls that person once', async ({ world }) => {
  const id = await world.gateway.publishIncident('Checkout is slow', 'low');
  const other = await world.chrome.browser.newContext();
  try {
    const jonas = await openAs(world, 'agent-2', { context: other });
    await expect(jonas.getByTestId('incident-row').filter({ hasText: 'Checkout is slow' })).toBeVisible();
    const page = await openAs(world, 'bob', { route: `/?incident=${id}` });
    await expect(page.getByTestId('agent').first()).toBeVisible();
    await page.locator('#main').press('c');
    await expect(input(page)).toBeFocused();
    await page.keyboard.type('ask @');
    const options = page.getByTestId('mention-option');
    await expect(options).toHaveCount(6);
    await page.keyboard.type('jo');
    await expect(options).toHaveText(['Jonas Lindqvist @agent-2']);
    await expect(options).toHaveAttribute('aria-selected', 'true');
    await expect(input(page)).toHaveAttribute('aria-activedescendant', (await options.getAttribute('id'))!);
    const look = async (name: string) => {
      for (const colorScheme of ['light', 'dark'] as const) {
        await page.emulateMedia({ colorScheme });
        expect(await violations(page), `${name}, ${colorScheme}`).toEqual([]);
        await page.screenshot({ path: test.info().outputPath(`${name}-${colorScheme}.png`) });
      }
    };
    await look('mention-1440');
    // A detail that covers the page takes the focus; without it the list is closed.
    await page.setViewportSize({ width: 360, height: 780 });
    await expect(page.getByTestId('detail-close')).toBeFocused();
    await expect(options).toHaveCount(0);
    await input(page).focus();
    await page.keyboard.press('Backspace');
    await expect(options).not.toHaveCount(0);
    await look('mention-360');
    await page.setViewportSize({ width: 1440, height: 900 });
    await page.keyboard.type('o');
    await expect(options).toHaveText(['Jonas Lindqvist @agent-2']);
    await page.keyboard.press('Escape');
    await expect(options).toHaveCount(0);
    await expect(page.getByTestId('incident-detail'), 'it closes the list alone').toBeVisible();
    await page.keyboard.press('Backspace');
    await expect(options).toHaveText(['Jonas Lindqvist @agent-2']);
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
    await expect(input(page)).toHaveValue('ask @agent-2 ');
    await expect(options).toHaveCount(0);
    await page.keyboard.type('to look, or @nobody');
    await page.keyboard.press('Enter');
    await expect(texts(page)).toHaveText('ask @Jonas Lindqvist to look, or @nobody');
    await expect(texts(page).locator('.mention')).toHaveText('@Jonas Lindqvist');
    await page.screenshot({ path: test.info().outputPath('named.png') });

    await expect(jonas).toHaveTitle('(1) Low: Checkout is slow · SentinelOps');
    await expect(jonas.getByTestId('activity-item').last()).toContainText(`bob named people in ${id}`);
    await jonas.getByTestId('incident-row').filter({ hasText: 'Checkout is slow' }).locator('.row').click();
    await expect(texts(jonas).locator('.mention--own')).toHaveText('@Jonas Lindqvist');
    await expect(jonas, 'it was seen').toHaveTitle(`${id} · SentinelOps`);
    // What is loaded first is no news.
    const later = await openAs(world, 'agent-2', { route: `/?incident=${id}`, context: other });
    await expect(texts(later).locator('.mention--own')).toHaveText('@Jonas Lindqvist');
    await expect(later).toHaveTitle(`${id} · SentinelOps`);
  } finally {
    await other.close();
  }
});
