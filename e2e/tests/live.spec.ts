// The main job: incidents arrive, stay over a reload, and come back after the gateway was gone.
import type { Locator } from '@playwright/test';
import { expect, expectState, incidentIds, test } from '../lib/fixtures';

test.use({ gatewayOptions: { args: ['--rate', '5', '--seed', '7'] } });

test('an incident is seen within 5 s of loading, on both pages', async ({ world }) => {
  for (const route of ['/', '/realtime-demo']) {
    const page = await world.open(route);
    await expect(page.getByTestId('incident-row').first()).toBeVisible({ timeout: 5_000 });
    await expectState(page, 'Connected');
  }
  expect(world.console.filter((line) => line.startsWith('pageerror'))).toEqual([]);
});

test('what people press on both pages is within the policy', async ({ world }) => {
  const say = async (at: Locator, text: string) => {
    await at.getByTestId('chat-input').fill(text);
    await at.getByTestId('chat-send').click();
    await expect(at.getByTestId('chat-message').filter({ hasText: text })).toBeVisible();
  };
  const page = await world.open('/');
  await page.setViewportSize({ width: 1280, height: 900 });
  await expectState(page, 'Connected');
  const id = await world.gateway.publishIncident('Policy <b>in</b> force', 'critical');
  await page.locator(`[data-testid=incident-row][data-incident-id="${id}"]`).click();
  const detail = page.getByTestId('incident-detail');
  await say(detail, 'looking <i>at</i> it');
  await detail.getByTestId('action-resolve').click();
  await expect(detail.getByTestId('message-state').first()).toBeVisible();
  await detail.getByTestId('detail-close').click();
  await page.getByTestId('theme-toggle').click();
  await page.getByTestId('incident-search').fill('a');
  await page.setViewportSize({ width: 390, height: 800 });
  await page.getByTestId('tab-activity').click();
  await expect(page.getByTestId('activity-panel')).toBeVisible();

  const demo = await world.open('/realtime-demo');
  await demo.setViewportSize({ width: 1280, height: 900 });
  await expectState(demo, 'Connected');
  await say(demo.getByTestId('chat-panel'), 'hello');
  world.proxy.cut();
  await expectState(demo, 'Reconnecting');
  await expect(demo.locator('[data-banner=connection]')).toBeVisible();
  await say(demo.getByTestId('chat-panel'), 'is anybody there?');
  await demo.getByTestId('outbox-export').click();
  await demo.getByTestId('diagnostics-export').click();
  world.proxy.restore();
  await expectState(demo, 'Connected', 35_000);
  // The fixture looks at the policy when the test is over.
});

test('what breaks the policy is reported, in the page and in the worker, by the watch of every test', async ({ world }) => {
  const page = await world.open('/');
  await expectState(page, 'Connected');
  // Not by the console's own evaluation, which is allowed anything.
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
  world.policy.provokes(/^console: securitypolicyviolation: require-trusted-types-for .* in a worker/);
  world.policy.provokes(/^report: require-trusted-types-for .*worker/);
  await page.evaluate(() => {
    const mark = document.createElement('p');
    mark.setAttribute('style', 'color: red');
    document.body.append(mark);
  });
  world.policy.provokes(/^event: style-src-attr forbids inline/);
  world.policy.provokes(/^report: style-src-attr forbids inline/);
  world.policy.provokes(/^console: .*inline style/);
  await page.evaluate(() => setTimeout(() => {
    try {
      document.body.innerHTML = '<p>markup</p>';
    } catch {
      document.title = 'refused';
    }
  }));
  await expect(page).toHaveTitle('refused');
  world.policy.provokes(/^event: require-trusted-types-for .*innerHTML/);
  world.policy.provokes(/^report: require-trusted-types-for .*\/\)$/);
  world.policy.provokes(/^console: .*TrustedHTML/);
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
