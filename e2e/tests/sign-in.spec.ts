// Signing in: the console asks an address of its own origin for tokens, and leads to the sign-in page when there are none.
import type { Page } from '@playwright/test';
import { banner } from '../lib/banners';
import { expect, expectState, test as base, type World } from '../lib/fixtures';
import { labMessages, startSending } from '../lib/lab';
import { SignInService } from '../lib/sign-in';

const test = base.extend<{ signIn: SignInService }>({
  signIn: async ({}, use) => use(new SignInService()),
  gatewayOptions: async ({ signIn }, use) => use({ args: [...signIn.flags(), '--rate', '2', '--seed', '5'], checksTokens: true, stores: false }),
  // As behind a reverse proxy: everything from one origin.
  config: { url: '/ws', tokenUrl: '/token', signInUrl: '/sign-in', debug: true },
  world: async ({ world, signIn }, use) => {
    world.site.behind = world.proxy.port;
    signIn.attach(world.site);
    await use(world);
  },
});

/** Presses the button that leads to the sign-in page, and signs in there. */
async function signInAs(page: Page, user: string): Promise<void> {
  await page.getByTestId('sign-in').click();
  await page.getByRole('link', { name: user }).click();
}

/** What the sign-out dialog says of who is signed in. */
async function expectSignedInAs(page: Page, user: string): Promise<void> {
  await page.getByTestId('sign-out').click();
  await expect(page.getByTestId('signed-in-as')).toHaveText(`Signed in as ${user}`);
  await page.getByTestId('sign-out-cancel').click();
  await expect(page.getByTestId('sign-out-dialog')).toHaveCount(0);
}

/** A page of `ann`, connected. */
async function connected(world: World, route: string): Promise<Page> {
  const page = await world.open(route);
  await signInAs(page, 'ann');
  await expectState(page, 'Connected');
  return page;
}

/** What took effect, as `user: id`. */
async function effects(world: World): Promise<string[]> {
  return (await world.gateway.stats()).effects.map(({ user, id }) => `${user}: ${id}`).sort();
}

/** Sends from the lab page; answers the ids once they are delivered. */
async function sendMessages(page: Page, count: number): Promise<string[]> {
  await startSending(page, count, 0);
  await expect(page.getByTestId('lab-final')).toHaveText(String(count));
  return (await labMessages(page)).map(({ id }) => id);
}

/** Sends from the lab page; answers the ids once they are saved. */
async function saveMessages(page: Page, count: number): Promise<string[]> {
  await startSending(page, count, 0);
  const saved = async () => (await labMessages(page)).filter(({ durability }) => durability === 'Durable').length;
  await expect.poll(saved).toBe(count);
  return (await labMessages(page)).map(({ id }) => id);
}

/** All that the page's origin keeps on this device, as text. */
function stored(page: Page): Promise<string> {
  return page.evaluate(async () => {
    const texts = [JSON.stringify({ ...localStorage }), JSON.stringify({ ...sessionStorage }), document.cookie];
    for (const { name } of await indexedDB.databases()) {
      const database = await new Promise<IDBDatabase>((resolve, reject) => {
        const request = indexedDB.open(name!);
        request.onsuccess = () => resolve(request.result);
        request.onerror = () => reject(request.error);
      });
      for (const store of Array.from(database.objectStoreNames)) {
        const rows = await new Promise<unknown[]>((resolve, reject) => {
          const request = database.transaction(store).objectStore(store).getAll();
          request.onsuccess = () => resolve(request.result);
          request.onerror = () => reject(request.error);
        });
        const decoder = new TextDecoder();
        const text = (row: unknown) => (row instanceof Uint8Array ? decoder.decode(row) : JSON.stringify(row));
        texts.push(store, ...rows.map(text));
      }
      database.close();
    }
    return texts.join('\n');
  });
}

test('a first visit leads to the sign-in page and back to the same route, connected', async ({ world, signIn }) => {
  const route = '/realtime-demo?incident=inc-1005#main';
  const page = await world.open(route);
  await expect(page.getByTestId('sign-in-gate')).toContainText('Nobody is signed in');
  expect(world.site.dialled, 'nothing is dialled for nobody').toEqual([]);
  await signInAs(page, 'ann');
  await expectState(page, 'Connected');
  expect(page.url()).toBe(world.site.url(route));
  expect(signIn.waysBack).toEqual([route]);
  expect(signIn.asked).toEqual([401, 'ann']);
  await expect(page.getByTestId('incident-row').first()).toBeVisible();
  expect(world.gateway.log).toContain('is "ann"');

  // The token is nowhere but in the frame it was sent in.
  await page.evaluate(() => {
    const real = URL.createObjectURL.bind(URL);
    URL.createObjectURL = (blob: Blob) => {
      void blob.text().then((text) => Object.assign(window, { saved: text }));
      return real(blob);
    };
  });
  await page.getByTestId('diagnostics-export').click();
  const saved = () => page.evaluate(() => (window as unknown as { saved?: string }).saved ?? '');
  await expect.poll(saved).toContain('"status"');
  const exported = await saved();
  const places = {
    exported,
    stored: await stored(page),
    page: await page.content(),
    console: world.console.join('\n'),
    gateway: world.gateway.log,
    addresses: world.site.dialled.join('\n'),
  };
  const parts = signIn.tokens.flatMap((token) => token.split('.'));
  for (const [place, text] of Object.entries(places)) {
    expect(parts.filter((part) => text.includes(part)), `a token is in ${place}`).toEqual([]);
  }
});

test('a token is renewed before it ends, and the connection stays', async ({ world, signIn }) => {
  signIn.lifeS = 9;
  const page = await connected(world, '/');
  const before = await world.gateway.stats();
  // Two lives of a token.
  await expect.poll(() => signIn.asked.filter((answer) => answer === 'ann').length, { timeout: 30_000 }).toBeGreaterThanOrEqual(4);
  await expectState(page, 'Connected');
  const after = await world.gateway.stats();
  expect([after.connections, after.connectionsEver]).toEqual([1, before.connectionsEver]);
  expect(world.gateway.log).not.toContain('4401');
});

test('after 4401 a new token is asked for once, and the page is connected again', async ({ world, signIn }) => {
  const page = await connected(world, '/');
  const asked = signIn.asked.length;
  const { connectionsEver } = await world.gateway.stats();
  await world.gateway.close(4401, 'the token was revoked: sign in again');
  await expect.poll(async () => (await world.gateway.stats()).connectionsEver).toBe(connectionsEver + 1);
  await expectState(page, 'Connected');
  expect(signIn.asked.slice(asked)).toEqual(['ann']);
  await expect(banner(page, 'auth')).toHaveCount(0);
});

test('a session that ends: what is sent meanwhile arrives once, under the same user, after the next sign-in', async ({ world, signIn }) => {
  const page = await connected(world, '/lab');
  signIn.endSessions();
  await world.gateway.close(4401, 'the token has expired: sign in again');
  await expect(banner(page, 'auth')).toContainText('Sign in to continue.');
  await expectState(page, 'Error');
  const ids = await saveMessages(page, 3);
  await expect(banner(page, 'auth')).toContainText('3 unsent changes saved on this device.');
  expect(await effects(world)).toEqual([]);
  await signInAs(page, 'ann');
  expect(page.url()).toBe(world.site.url('/lab'));
  await expectState(page, 'Connected');
  await expect.poll(() => effects(world)).toEqual(ids.map((id) => `ann: ${id}`).sort());
  // Once: also after one more connection.
  await page.reload();
  await expectState(page, 'Connected');
  expect(Object.values((await world.gateway.stats()).perId).every((count) => count === 1)).toBe(true);
});

test('another user who signs in sends nothing of the first one, who finds it all again', async ({ world, signIn }) => {
  const page = await connected(world, '/lab');
  signIn.endSessions();
  await world.gateway.close(4401, 'the token has expired: sign in again');
  await expect(banner(page, 'auth')).toContainText('Sign in to continue.');
  const ids = await saveMessages(page, 2);
  await signInAs(page, 'bob');
  await expectState(page, 'Connected');
  const own = await sendMessages(page, 1);
  expect(await effects(world)).toEqual(own.map((id) => `bob: ${id}`));
  signIn.endSessions();
  await page.reload();
  await signInAs(page, 'ann');
  await expectState(page, 'Connected');
  await expect.poll(() => effects(world)).toEqual([...ids.map((id) => `ann: ${id}`), ...own.map((id) => `bob: ${id}`)].sort());
});

test('a user who signs in in another tab takes the place of the first one in all tabs', async ({ world, signIn }) => {
  const page = await connected(world, '/lab');
  signIn.endSessions();
  const other = await world.open('/');
  await signInAs(other, 'bob');
  await expectState(other, 'Connected');
  await world.gateway.close(4401, 'the token has expired: sign in again');
  await expectState(page, 'Connected');
  await expectSignedInAs(other, 'bob');
  const own = await sendMessages(page, 1);
  expect(await effects(world)).toEqual(own.map((id) => `bob: ${id}`));
});

test('signed in again in one tab, the others go on by themselves', async ({ world, signIn }) => {
  const page = await connected(world, '/');
  await expectSignedInAs(page, 'ann');
  const other = await world.open('/lab');
  await expectState(other, 'Connected');
  signIn.endSessions();
  await world.gateway.close(4401, 'the token has expired: sign in again');
  for (const tab of [page, other]) await expect(banner(tab, 'auth')).toContainText('Sign in to continue.');
  await signInAs(other, 'ann');
  for (const tab of [other, page]) await expectState(tab, 'Connected');
  await expect(banner(page, 'auth')).toHaveCount(0);
});

test('rights that a token does not give are named where they are missed', async ({ world, signIn }) => {
  signIn.lifeS = 9;
  signIn.rights = { read: ['incidents', 'agents', 'alerts', 'activity'], write: [] };
  const page = await connected(world, '/');
  await page.getByTestId('incident-row').first().click();
  await expect(page.getByTestId('chat-log')).toContainText(/No access.*the right to read chat or chat:\S+ is needed\. Ask/);
  await page.getByTestId('action-resolve').click();
  await expect(page.getByTestId('incident-detail').getByTestId('message-state').first()).toHaveAttribute('data-state', 'failed');
  await expect(page.getByTestId('incident-detail')).toContainText(/refused it \(forbidden\): .*\. Ask an administrator/);
  await expect(page.getByTestId('withdrawn')).toHaveCount(0);
  // The next token gives less.
  signIn.rights = { read: ['agents', 'activity'], write: [] };
  const notice = page.getByTestId('incidents-panel').getByTestId('withdrawn');
  await expect(notice).toContainText(/No access any more.*the right to read all of incidents is needed\. Ask/, { timeout: 20_000 });
  await expect(page.getByTestId('alerts-panel').getByTestId('withdrawn')).toBeVisible();
  await expect(page.getByTestId('incident-row').first()).toBeVisible();
  await expectState(page, 'Connected');
});

test('a token service in trouble is named, and asked again until it answers', async ({ world, signIn }) => {
  const page = await connected(world, '/');
  signIn.trouble = 502;
  await world.gateway.close(4401, 'the token has expired: sign in again');
  await expect(banner(page, 'auth')).toContainText('No valid token.');
  await expect(banner(page, 'auth')).toContainText('/token answers 502');
  await page.reload();
  await expect(page.getByTestId('sign-in-why')).toContainText('/token answers 502');
  signIn.trouble = undefined;
  await expectState(page, 'Connected');
});

test('addresses of another origin are refused with what is allowed', async ({ world }) => {
  world.site.configure({ url: '/ws', tokenUrl: 'https://id.example/token?key=s3cret', signInUrl: '//id.example/start' });
  const page = await world.open('/');
  await expect(banner(page, 'config')).toHaveCount(2);
  const text = (await banner(page, 'config').allTextContents()).join('\n');
  expect(text).toMatch(/tokenUrl is "https:\/\/id\.example\/token".*a path of the page's own origin is allowed, for example \/token/);
  expect(text).toMatch(/signInUrl is "\/\/id\.example\/start".*own origin/);
  expect(text).not.toContain('s3cret');
});
