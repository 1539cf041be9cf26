// An admin looks after people: finds, changes, signs out, deactivates, adds and imports them. The screens have no script;
// each act that takes something away is asked once, with what it means.
import type { Page } from '@playwright/test';
import { expectAccessible } from '../fixtures/axe.ts';
import { status } from '../fixtures/guard.ts';
import type { Person } from '../fixtures/person.ts';
import { cms } from '../fixtures/site.ts';
import { expect, test } from '../fixtures/test.ts';

const makeAdmin = (person: Person): Promise<string> => cms(['user', 'set-role', person.name.username, 'admin']);

/** The page of this person, by way of the list. */
async function find(page: Page, person: Person): Promise<void> {
  await page.goto('/admin/people');
  await page.getByLabel('Name', { exact: true }).fill(person.name.username);
  await page.getByRole('button', { name: 'Apply' }).click();
  await page.getByRole('link', { name: person.displayName }).click();
  await expect(page.getByRole('heading', { name: person.displayName, level: 1 })).toBeVisible();
}

for (const scripted of [true, false]) {
  test(`somebody leaves and comes back (${scripted ? 'with' : 'without'} JavaScript)`, async ({ arrive, asha, guard }) => {
    const meera = await arrive(scripted ? {} : { javaScriptEnabled: false });
    await makeAdmin(meera);
    const { page } = meera;
    await find(page, asha);

    await test.step('another department is on the list at once', async () => {
      // those that there are, are offered: one that is written in two ways is two
      const offered = await page.locator('#departments option').evaluateAll((all) => all.map((one) => one.getAttribute('value')));
      expect(offered).toContain(asha.name.department);
      await expect(page.getByLabel('Department')).toHaveAttribute('list', 'departments');
      await page.getByLabel('Department').fill('Harbour Office');
      await page.getByRole('button', { name: 'Save' }).click();
      await expect(page.getByRole('status')).toHaveText('Saved.');
      await expect(page.getByLabel('Department')).toHaveValue('Harbour Office');
      await page.goto('/admin/people?department=Harbour+Office');
      await expect(page.locator('.data_table tbody')).toContainText(asha.displayName);
      await page.getByRole('link', { name: asha.displayName }).click();
    });

    await test.step('one question, which can be answered with no', async () => {
      await page.getByRole('link', { name: 'Deactivate…' }).click();
      await expect(page.getByRole('heading', { name: `Deactivate ${asha.displayName}?` })).toBeVisible();
      await expect(page.locator('main')).toContainText('signed out everywhere within five seconds');
      await page.getByRole('link', { name: 'Cancel' }).click();
      await expect(page.locator('main')).toContainText('They may sign in.');
    });

    await test.step('yes: they are out', async () => {
      await page.getByRole('link', { name: 'Deactivate…' }).click();
      await page.getByRole('button', { name: 'Deactivate' }).click();
      await expect(page.locator('main')).toContainText('They cannot sign in');
      await expect(page.locator('main')).toContainText('They are signed in nowhere.');
      guard.allow(status(401));
      await expect.poll(async () => (await asha.context.request.get('/api/v1/me')).status()).toBe(401);
    });

    await test.step('and in again', async () => {
      await page.getByRole('button', { name: 'Activate' }).click();
      await expect(page.locator('main')).toContainText('They may sign in.');
      await asha.api.signIn(asha.name.username, asha.password);
    });
  });
}

test('a session is ended, then all of them', async ({ arrive, asha }) => {
  const meera = await arrive();
  await makeAdmin(meera);
  await arrive({}, asha.name);
  await find(meera.page, asha);
  const rows = meera.page.getByRole('region', { name: 'Sessions' }).locator('tbody tr');
  await expect(rows).toHaveCount(2);
  await rows.first().getByRole('button', { name: 'End' }).click();
  await expect(rows).toHaveCount(1);
  await meera.page.getByRole('link', { name: 'Sign out everywhere…' }).click();
  await expect(meera.page.getByRole('heading', { name: `End the session of ${asha.displayName}?` })).toBeVisible();
  await meera.page.getByRole('button', { name: 'Sign out everywhere' }).click();
  await expect(rows).toHaveCount(0);
});

test('an admin who takes their own role away is warned, and is out of the administration', async ({ arrive, guard }) => {
  const [meera, farhan] = [await arrive(), await arrive()];
  await Promise.all([makeAdmin(meera), makeAdmin(farhan)]);
  const { page } = meera;
  await find(page, meera);
  await page.getByLabel('Role').selectOption('Member');
  await page.getByRole('button', { name: 'Save' }).click();
  await expect(page.getByRole('heading', { name: `Make ${meera.displayName} a member?` })).toBeVisible();
  await expect(page.locator('main')).toContainText('This is you');
  await expectAccessible(page, 'the question');
  guard.allow(status(403));
  await page.getByRole('button', { name: 'Make them a member' }).click();
  await expect(page.getByRole('heading', { name: 'This is for administrators' })).toBeVisible();
});

test('a link is made, shown once, and lets somebody in', async ({ arrive, browser }) => {
  const meera = await arrive();
  await makeAdmin(meera);
  const { page } = meera;
  const username = `new-${meera.name.username}`;
  await page.goto('/admin/people/new');
  await page.getByLabel('Name', { exact: true }).fill('Yara Haddad');
  await page.getByLabel('User name').fill(username);
  await page.getByLabel('Department').fill('Planning');
  await page.getByRole('button', { name: 'Add, and make a link' }).click();
  const link = await page.getByLabel('One-time link').inputValue();
  await expectAccessible(page, 'the link');
  await page.getByRole('link', { name: 'Done' }).click();
  await expect(page.locator('main')).toContainText('not set yet');
  await expect(page.locator('body')).not.toContainText(new URL(link).pathname);
  const guest = await browser.newContext({ baseURL: meera.url });
  const tab = await guest.newPage();
  await tab.goto(new URL(link).pathname);
  await expect(tab.locator('main')).toContainText('Yara Haddad');
  await guest.close();
});

for (const way of ['a file', 'a text'] as const) {
  test(`an import shows what it would do, then does that: ${way}`, async ({ arrive, asha, guard }) => {
    const meera = await arrive({ javaScriptEnabled: way === 'a file' });
    await makeAdmin(meera);
    const { page } = meera;
    const { username } = asha.name;
    // the judge is a script itself
    const judge = async (what: string): Promise<void> => (way === 'a file' ? expectAccessible(page, what) : undefined);
    const file = (department: string, role = 'member'): string =>
      `username,display_name,department,role,email,external_id,password\n${username},${asha.displayName},${department},${role},,,\nnew-${username},Zoë Fischer,Yard,member,,,\n`;
    const send = async (text: string): Promise<void> => {
      await page.goto('/admin/people/import');
      if (way === 'a file') await page.getByLabel('CSV file').setInputFiles({ name: 'people.csv', mimeType: 'text/csv', buffer: Buffer.from(text) });
      else await page.getByLabel('Or its text').fill(text);
      await page.getByRole('button', { name: 'Show what it would do' }).click();
    };

    guard.allow(status(422));
    await send(file('Quay', 'boss'));
    const errors = page.getByRole('region', { name: /What is not right/ }).locator('tbody tr');
    await expect(errors).toHaveCount(1);
    await expect(errors).toContainText('role');
    await expect(page.getByRole('button', { name: /^Import/ })).toHaveCount(0);
    await judge('what is not right');

    await test.step('what was sent stands there to be mended', async () => {
      const text = page.getByLabel('Or mend its text here');
      await expect(text).toHaveValue(file('Quay', 'boss'));
      await text.fill(file('Quay'));
      await page.getByRole('button', { name: 'Show what it would do' }).click();
    });
    const changed = page.getByRole('region', { name: /Who would change/ });
    await expect(changed).toContainText('→ Quay');
    await expect(page.getByRole('region', { name: /Who would be new/ })).toContainText('Zoë Fischer');
    await judge('what it would do');

    await test.step('somebody changes them in between: it is shown again', async () => {
      await cms(['user', 'set-role', username, 'admin']);
      guard.allow(status(409));
      await page.getByRole('button', { name: 'Import: 1 new, 1 changed' }).click();
      await expect(page.getByRole('alert')).toContainText('changed since the preview');
      await expect(changed).toContainText('admin → member');
    });

    await page.getByRole('button', { name: 'Import: 1 new, 1 changed' }).click();
    await expect(page.getByText('Imported: 1 new, 1 changed, 0 as they were.')).toBeVisible();
    await page.goto('/admin/people?department=Quay');
    await expect(page.locator('.data_table tbody')).toContainText(asha.displayName);
  });
}

test('people are administered by keyboard alone', async ({ arrive, asha }) => {
  const meera = await arrive();
  await makeAdmin(meera);
  const { page } = meera;
  await page.goto('/admin/people');
  expect(await page.locator('script').count()).toBe(0);
  await page.getByLabel('Name', { exact: true }).focus();
  await page.keyboard.type(asha.name.username);
  await page.keyboard.press('Enter');
  const name = page.getByRole('link', { name: asha.displayName });
  await expect(name).toBeVisible();
  await page.getByRole('region', { name: 'People by name' }).focus();
  await page.keyboard.press('Tab');
  await expect(name).toBeFocused();
  await page.keyboard.press('Enter');
  await page.getByRole('link', { name: 'Deactivate…' }).press('Enter');
  await page.getByRole('button', { name: 'Deactivate' }).focus();
  await page.keyboard.press('Tab');
  await expect(page.getByRole('link', { name: 'Cancel' })).toBeFocused();
});

test('members have no entry to it by its address', async ({ asha, bikram, guard }) => {
  guard.allow(status(403));
  for (const path of ['/admin/people', '/admin/people/new', '/admin/people/import', `/admin/people/${bikram.id}`]) {
    expect((await asha.page.goto(path))?.status(), path).toBe(403);
    await expect(asha.page.locator('body')).not.toContainText(bikram.displayName);
  }
});

for (const [look, options] of [
  ['light', { colorScheme: 'light' }],
  ['dark', { colorScheme: 'dark' }],
  ['a telephone', { viewport: { width: 360, height: 740 }, isMobile: true, hasTouch: true }],
] as const) {
  test(`the screens of people are accessible: ${look}`, async ({ arrive, asha }) => {
    const meera = await arrive(options);
    await makeAdmin(meera);
    const person = `/admin/people/${asha.id}`;
    for (const path of ['/admin/people', '/admin/people?q=zzzz', person, `${person}/deactivate`, `${person}/sign_out`, '/admin/people/new', '/admin/people/import']) {
      await meera.page.goto(path);
      await expectAccessible(meera.page, path);
      const beyond = await meera.page.locator('main').evaluate((main) => main.scrollWidth - main.clientWidth);
      expect(beyond, `${path} scrolls sideways`).toBeLessThanOrEqual(0);
    }
  });
}
