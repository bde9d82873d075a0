// Alerts of other systems in the console: labels, source, incident, links of the operator, silence of a source.
import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import net from 'node:net';
import path from 'node:path';
import { violations } from '../lib/axe';
import { banner } from '../lib/banners';
import { ROOT } from '../lib/env';
import { expect, expectState, test as base } from '../lib/fixtures';
import { post, source } from '../lib/ingest';

const test = base.extend<{ keys: string; folder: ReturnType<typeof source> }>({
  keys: ['', { option: true }],
  folder: async ({ keys }, use) => {
    const folder = source(keys);
    await use(folder);
    rmSync(folder.dir, { recursive: true, force: true });
  },
  gatewayOptions: async ({ folder }, use) => use({ args: ['--rate', '0', '--seed', '7', '--config', folder.config] }),
});

test.use({
  config: {
    linkTemplates: [
      { label: 'Runbook', url: 'https://runbooks.example/{alertname}?of={instance}' },
      { label: 'Pod', url: 'https://pods.example/{pod}' },
      { label: 'Own host', url: 'https://{instance}/' },
    ],
  },
});

const ALERT = {
  fingerprint: '29efcdde4fa8683f',
  labels: { alertname: 'TargetDown', instance: 'app/1:80&x', job: 'checkout', region: 'eu-west', severity: 'critical', team: 'shop' },
  annotations: {
    summary: 'app/1 is <b>down</b>',
    runbook_url: 'https://evil.example/annotation',
    dashboard: 'javascript:alert(1)',
  },
  generatorURL: 'https://evil.example/generator',
};

test('a posted alert shows labels, source, its incident and only links of the operator; resolved it is gone', async ({ world }) => {
  const page = await world.open('/');
  await page.setViewportSize({ width: 1440, height: 900 });
  await expectState(page, 'Connected');
  await expect(banner(page, 'config')).toContainText('linkTemplates[2]');
  const began = new Date();
  await post(world.gateway, 'firing', [ALERT], began);
  const panel = page.getByTestId('alerts-panel');
  const alert = panel.getByTestId('alert').filter({ hasText: 'app/1 is <b>down</b>' });
  await expect(alert).toBeVisible();
  await expect(alert.getByTestId('alert-source')).toHaveText('checkout, from prometheus');
  await expect(alert.getByTestId('alert-labels').getByRole('listitem')).toHaveText([
    'alertname=TargetDown',
    'instance=app/1:80&x',
    'job=checkout',
    'region=eu-west',
  ]);
  await alert.getByText('All 6 labels').press('Enter');
  await expect(alert.getByText('team=shop')).toBeVisible();
  // One template lacks its label, one would let the alert choose the host: neither makes a link.
  const links = await alert.locator('a').evaluateAll((all) => all.map((a) => [a.getAttribute('href'), a.getAttribute('rel'), a.getAttribute('target')]));
  expect(links).toEqual([['https://runbooks.example/TargetDown?of=app%2F1%3A80%26x', 'noopener noreferrer', '_blank']]);
  await expect(alert.getByRole('link', { name: 'Runbook of app/1 is <b>down</b>, in a new tab' })).toBeVisible();
  expect(await page.locator('a[href*="evil"], a[href^="javascript"]').count()).toBe(0);

  await alert.getByRole('button', { name: 'Open incident' }).click();
  const detail = page.getByTestId('incident-detail');
  const listed = detail.getByTestId('incident-alerts');
  await expect(listed.locator('> summary')).toHaveText('Alerts 1 of 1 firing');
  await expect(listed.getByTestId('alert')).toContainText('app/1 is <b>down</b>');
  await expect(listed.getByTestId('alert-link')).toHaveAttribute('href', 'https://runbooks.example/TargetDown?of=app%2F1%3A80%26x');
  expect(await violations(page)).toEqual([]);
  await page.screenshot({ path: test.info().outputPath('alert-wide.png') });
  // As narrow as a phone, and so high that nothing is half under the composer, which stays at the end.
  await page.setViewportSize({ width: 360, height: 1600 });
  expect(await violations(page)).toEqual([]);
  await page.screenshot({ path: test.info().outputPath('alert-phone.png') });
  await page.setViewportSize({ width: 1440, height: 900 });

  await post(world.gateway, 'resolved', [ALERT], began);
  await expect(alert).toHaveCount(0);
  await expect(listed.locator('> summary')).toHaveText('Alerts 0 of 1 firing');
  await expect(listed.getByTestId('alert')).toContainText('Cleared');
  await expect(detail.getByTestId('incident-status')).toHaveText('Resolved');
});

test.describe('a source that is expected to send', () => {
  test.use({ keys: 'expect_every = "2s"' });

  test('is shown as silent until it sends again, and when it sent something last', async ({ world }) => {
    const page = await world.open('/');
    await page.setViewportSize({ width: 1440, height: 900 });
    await expectState(page, 'Connected');
    const line = page.getByTestId('alerts-panel').getByTestId('source');
    await expect(line).toHaveText(/^prometheus.*nothing since the server started$/);
    await expect(banner(page, 'silent')).toContainText('prometheus is silent.');
    await expect(page.getByTestId('alerts-panel').getByTestId('alert').filter({ hasText: 'prometheus sent nothing' })).toHaveCount(1);
    await expect(line).toContainText('Silent');
    for (const [theme, width] of [['light', 1440], ['dark', 1440], ['dark', 900], ['dark', 360], ['light', 360]] as const) {
      await page.emulateMedia({ colorScheme: theme });
      await page.setViewportSize({ width, height: 800 });
      if (width === 360) await page.getByTestId('tab-alerts').click();
      await expect(line).toBeVisible();
      expect(await violations(page), `${theme}, ${width} px`).toEqual([]);
      await page.screenshot({ path: test.info().outputPath(`silent-${theme}-${width}.png`) });
    }
    const gone = expect(banner(page, 'silent')).toHaveCount(0);
    const spoken = expect(line).not.toContainText('Silent');
    await post(world.gateway, 'firing', [ALERT], new Date());
    await gone;
    await spoken;
    // The figures come every 15 s.
    await expect(line).toHaveText(/^prometheus.*just now$/, { timeout: 40_000 });
  });
});

test.describe('a source that repeats its alerts', () => {
  test.use({ keys: 'stale_after = "2s"' });

  test('an alert that it no longer repeats is marked until it does', async ({ world }) => {
    const page = await world.open('/');
    await page.setViewportSize({ width: 1440, height: 900 });
    await expectState(page, 'Connected');
    const began = new Date();
    await post(world.gateway, 'firing', [ALERT], began);
    const alert = page.getByTestId('alerts-panel').getByTestId('alert').filter({ hasText: 'app/1 is <b>down</b>' });
    const mark = alert.getByText('Its source does not repeat it any more: it may be over.');
    await expect(mark).toBeVisible();
    expect(await violations(page)).toEqual([]);
    const gone = mark.waitFor({ state: 'detached' });
    await post(world.gateway, 'firing', [ALERT], began);
    await gone;
    await expect(alert).toBeVisible();
    await expect(mark).toBeVisible();
    await post(world.gateway, 'resolved', [ALERT], began);
    await expect(alert).toHaveCount(0);
  });
});

/** Debian's programs; `cargo xtask setup` installs them. */
class Programs {
  private children: ChildProcess[] = [];

  start(name: string, args: string[]): void {
    this.children.push(spawn(name, args, { stdio: 'ignore' }));
  }

  async stop(): Promise<void> {
    for (const child of this.children) {
      const ended = new Promise((resolve) => child.once('exit', resolve));
      if (child.exitCode === null && child.kill('SIGKILL')) await ended;
    }
  }
}

async function freePort(): Promise<number> {
  const server = net.createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as net.AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** What Prometheus scrapes. */
function target(port: number): Promise<Server> {
  const server = createServer((_, response) => response.writeHead(200, { 'content-type': 'text/plain', connection: 'close' }).end('orders_total 1\n'));
  return new Promise((resolve) => server.listen(port, '127.0.0.1', () => resolve(server)));
}

test('a target of a real Prometheus stops: its Alertmanager brings alert and incident; it starts: both are over', async ({ world, folder }) => {
  test.setTimeout(180_000);
  const [app, alertmanager, prometheus] = [await freePort(), await freePort(), await freePort()];
  const example = /```yaml\n(.*?)```/s.exec(readFileSync(path.join(ROOT, 'docs/ingest.md'), 'utf8'))![1]!;
  const files = {
    'am.yml': example
      .replace('http://127.0.0.1:3001/', `http://127.0.0.1:${world.gateway.port}/`)
      .replace('/etc/sentinelops/prometheus.token', folder.token)
      .replace('group_wait: 10s', 'group_wait: 100ms')
      .replace('group_interval: 1m', 'group_interval: 500ms'),
    'rules.yml':
      'groups:\n- name: test\n  rules:\n  - alert: TargetDown\n    expr: up == 0\n    labels: {severity: critical, service: checkout}\n' +
      "    annotations: {summary: '{{ $labels.instance }} is down'}\n",
    'prometheus.yml':
      'global: {scrape_interval: 500ms, scrape_timeout: 400ms, evaluation_interval: 500ms}\nrule_files: [rules.yml]\n' +
      `alerting:\n  alertmanagers:\n  - static_configs: [{targets: ['127.0.0.1:${alertmanager}']}]\n` +
      `scrape_configs:\n- job_name: app\n  static_configs: [{targets: ['127.0.0.1:${app}']}]\n`,
  };
  for (const [name, text] of Object.entries(files)) writeFileSync(path.join(folder.dir, name), text);
  const at = (name: string) => path.join(folder.dir, name);
  const programs = new Programs();
  let server: Server | undefined = await target(app);
  try {
    const scraped = new Promise((resolve) => server!.once('request', resolve));
    programs.start('prometheus-alertmanager', [
      `--config.file=${at('am.yml')}`,
      `--storage.path=${at('am')}`,
      `--web.listen-address=127.0.0.1:${alertmanager}`,
      '--cluster.listen-address=',
    ]);
    programs.start('prometheus', [
      `--config.file=${at('prometheus.yml')}`,
      `--storage.tsdb.path=${at('tsdb')}`,
      `--web.listen-address=127.0.0.1:${prometheus}`,
    ]);
    await scraped;
    // For a minute it does not get again what it missed.
    const ready = () => fetch(`http://127.0.0.1:${alertmanager}/-/ready`).then((answer) => answer.status, () => 0);
    await expect.poll(ready, { timeout: 60_000 }).toBe(200);
    const page = await world.open('/');
    await expectState(page, 'Connected');
    await new Promise((resolve) => server!.close(resolve));
    server = undefined;
    const alert = page.getByTestId('alerts-panel').getByTestId('alert').filter({ hasText: `127.0.0.1:${app} is down` });
    await expect(alert).toBeVisible({ timeout: 60_000 });
    await expect(alert.getByTestId('alert-source')).toHaveText('checkout, from prometheus');
    await alert.getByRole('button', { name: 'Open incident' }).click();
    const listed = page.getByTestId('incident-alerts');
    await expect(listed.getByTestId('alert')).toContainText(`127.0.0.1:${app} is down`);
    server = await target(app);
    await expect(alert).toHaveCount(0, { timeout: 60_000 });
    await expect(listed.getByTestId('alert')).toContainText('Cleared');
  } finally {
    await programs.stop();
    server?.close();
  }
});
