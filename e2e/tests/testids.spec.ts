// Each test checks the test ids of its pages at its end (lib/fixtures.ts); here, that the check finds something.
import { expect, expectState, test } from '../lib/fixtures';
import { undocumented } from '../lib/testids';

test('a test id and a banner that the documentation does not list are named', async ({ world }) => {
  const page = await world.open('/');
  await expectState(page, 'Connected');
  expect(await undocumented([page])).toEqual([]);
  await page.evaluate(() => {
    const added = document.body.appendChild(document.createElement('p'));
    added.id = 'added';
    added.dataset.testid = 'nobody-knows';
    added.dataset.banner = 'new';
  });
  expect(await undocumented([page])).toEqual([
    'docs/components.md does not list the test id nobody-knows',
    'docs/components.md does not list the banner new',
  ]);
  await page.evaluate(() => document.getElementById('added')!.remove());
});
