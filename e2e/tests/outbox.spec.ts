// What people were promised: rows on disk, order, and who goes first.
import { Checker, pause } from '../lib/checker';
import { expect, expectState, test } from '../lib/fixtures';
import { labMessages, startSending } from '../lib/lab';

test.use({ gatewayOptions: { args: ['--rate', '2', '--seed', '17'] } });

test('window full of low ones, then a critical one: at most 2 frames leave before it', async ({ world }) => {
  const page = await world.open('/lab');
  await expectState(page, 'Connected');
  // The server takes everything and answers nothing: the window fills and stays full.
  world.proxy.loseAnswers();
  await startSending(page, 200, 0, 'low');
  const accepted = async () => (await world.gateway.stats()).accepted;
  await expect.poll(accepted, { intervals: [50] }).toBe(56);
  await startSending(page, 1, 0, 'critical');
  await expect.poll(accepted, { intervals: [20] }).toBeGreaterThan(56);
  await expect.poll(async () => (await labMessages(page)).length).toBe(201);
  const critical = (await labMessages(page)).at(-1)!;
  const { effects } = await world.gateway.stats();
  const place = effects.findIndex(({ id }) => id === critical.id) - 56;
  expect(place).toBeGreaterThanOrEqual(0);
  expect(place).toBeLessThanOrEqual(2);
});

test('offline, then a reload: what was saved is there and leaves once', async ({ world }) => {
  const page = await world.open('/lab');
  await expectState(page, 'Connected');
  world.proxy.cut();
  await startSending(page, 30, 0);
  const saved = async () => (await labMessages(page)).filter(({ durability }) => durability === 'Durable').length;
  await expect.poll(saved).toBe(30);
  const checker = new Checker();
  await checker.look([page]);
  await page.reload();
  const queued = async () => JSON.parse((await page.getByTestId('lab-outbox').textContent()) || '{"outbox":[]}').outbox.length;
  await expect.poll(queued).toBe(30);
  world.proxy.restore();
  await checker.expectKept([page], world.gateway, 40_000);
  await expect.poll(queued).toBe(0);
});

test('the browser is killed 50 times while it saves: no row that was durable is lost @long', async ({ world }) => {
  test.setTimeout(900_000);
  await world.gateway.kill();
  const checker = new Checker();
  for (let round = 0; round < 50; round += 1) {
    const page = await world.open('/lab');
    await page.getByTestId('lab-start').waitFor();
    await startSending(page, 18, 5);
    await expect.poll(async () => (await labMessages(page)).some(({ durability }) => durability === 'Durable'), { intervals: [5] }).toBe(true);
    // At whatever it is just doing: the round decides how far it gets.
    await pause((round * 37) % 120);
    await checker.look([page]);
    await world.chrome.kill();
    await world.chrome.restart();
  }
  await world.gateway.run();
  const page = await world.open('/lab');
  await expectState(page, 'Connected', 40_000);
  test.info().annotations.push({ type: 'measured', description: `${checker.promised.length} durable rows over 50 kills` });
  await checker.expectKept([page], world.gateway, 60_000);
});
