// The main job: incidents arrive, stay over a reload, and come back after the gateway was gone.
import { expect, expectState, incidentIds, test } from '../lib/fixtures';

test.use({ gatewayOptions: { args: ['--rate', '5', '--seed', '7'] } });

test('an incident is seen within 5 s of loading, on both pages, without a policy violation', async ({ world }) => {
  for (const route of ['/', '/realtime-demo']) {
    const page = await world.open(route);
    await expect(page.getByTestId('incident-row').first()).toBeVisible({ timeout: 5_000 });
    await expectState(page, 'Connected');
  }
  expect(world.site.violations).toEqual([]);
  expect(world.console.filter((line) => /Content Security Policy|TrustedScript|pageerror/.test(line))).toEqual([]);
});

test('every file is served with the policy, and the worker runs under it too', async ({ world }) => {
  const page = await world.chrome.context.newPage();
  const policies = new Map<string, string | undefined>();
  world.chrome.context.on('response', (response) => {
    policies.set(new URL(response.url()).pathname, response.headers()['content-security-policy']);
  });
  await page.goto(world.site.url('/'));
  await expectState(page, 'Connected');
  // The one that is promised, word for word; only the address for reports is added.
  const promised =
    "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self' data:; " +
    "manifest-src 'self'; connect-src 'self' wss: ws:; worker-src 'self'; base-uri 'none'; " +
    "require-trusted-types-for 'script'; trusted-types sentinelops";
  expect([...policies.keys()].some((file) => file.includes('worker_loader'))).toBe(true);
  for (const [file, policy] of policies) expect(policy, file).toContain(promised);
  expect(world.site.violations).toEqual([]);
  // And it is in force there: what it forbids fails, and is reported.
  const outcome = await page.workers()[0]!.evaluate(
    () =>
      new Promise((resolve) => {
        setTimeout(() => {
          try {
            resolve(new Function('return "ran"')());
          } catch (error) {
            resolve((error as Error).name);
          }
        }, 0);
      }),
  );
  expect(outcome).toBe('EvalError');
  await expect.poll(() => world.site.violations.length).toBeGreaterThan(0);
});

test('a reload shows the current incidents again', async ({ world }) => {
  const page = await world.open('/');
  await expect(page.getByTestId('incident-row').first()).toBeVisible();
  const before = await incidentIds(page);
  await page.reload();
  await expect(page.getByTestId('incident-row').first()).toBeVisible({ timeout: 5_000 });
  const after = await incidentIds(page);
  expect(before.filter((id) => after.includes(id)).length).toBeGreaterThan(0);
});

test('gateway killed: Reconnecting; restarted: Connected, new incidents, nothing twice', async ({ world }) => {
  const page = await world.open('/');
  await expectState(page, 'Connected');
  await expect(page.getByTestId('incident-row').first()).toBeVisible();
  await world.gateway.kill();
  await expectState(page, 'Reconnecting');
  await world.gateway.run();
  await expectState(page, 'Connected', 35_000);
  const published = await world.gateway.publishIncident('After the restart', 'critical');
  await expect(page.locator(`[data-incident-id="${published}"]`).first()).toBeVisible();
  const ids = await incidentIds(page);
  expect(new Set(ids).size).toBe(ids.length);
});

test('an update sent while the gateway is down takes effect once after it is back', async ({ world }) => {
  const page = await world.open('/realtime-demo');
  await expectState(page, 'Connected');
  const id = (await incidentIds(page))[0] ?? '';
  await world.gateway.kill();
  await expectState(page, 'Reconnecting');
  const form = page.getByTestId('resolve-form');
  await form.getByRole('textbox').first().fill(id);
  await form.getByRole('button').first().click();
  await world.gateway.run();
  await expectState(page, 'Connected', 35_000);
  const updates = async () => (await world.gateway.stats()).effects.filter((e) => e.type === 'incident.update').length;
  await expect.poll(updates).toBe(1);
  expect(Object.values((await world.gateway.stats()).perId).every((count) => count === 1)).toBe(true);
});
