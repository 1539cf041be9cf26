import { status } from '../fixtures/guard.ts';
import { cms } from '../fixtures/site.ts';
import { expect, test } from '../fixtures/test.ts';

test('signing in leads to where one wanted to go, and only to a page of ours', async ({ arrive, guard }) => {
  guard.allow(status(401));
  const asha = await arrive({ signedIn: false });
  const { page } = asha;
  await page.goto('/');
  await expect(page).toHaveURL(/\/sign_in/);
  for (const [next, expected] of [['/settings', '/settings'], ['https://evil.example/', '/messages'], ['//evil.example/x', '/messages'], ['/\\evil.example', '/messages']]) {
    await asha.holdSession();
    await page.goto(`/sign_in?next=${encodeURIComponent(next)}`);
    await page.getByLabel('User name').fill(asha.name.username);
    await page.getByLabel('Password').fill(asha.password);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await expect(page, next).toHaveURL((url) => url.origin === asha.url && url.pathname === expected);
  }
});

test('a wrong password, an unknown name and a refused form look the same', async ({ arrive, guard }) => {
  guard.allow(status(401));
  const asha = await arrive({ signedIn: false });
  const { page } = asha;
  for (const username of [asha.name.username, 'nobody.of.that.name']) {
    await page.goto('/sign_in');
    await page.getByLabel('User name').fill(username);
    await page.getByLabel('Password').fill('wrong');
    await page.getByRole('button', { name: 'Sign in' }).click();
    await expect(page.getByText('User name and password do not match.')).toBeVisible();
    await expect(page.getByLabel('User name')).toHaveValue(username);
  }
  expect(await asha.context.cookies()).toEqual([]);
});

test('the session cookie is not for scripts, and signing out ends it on the server', async ({ asha }) => {
  await asha.visit('/messages');
  const [cookie] = await asha.context.cookies();
  expect(cookie).toMatchObject({ name: 'cms_session', httpOnly: true, sameSite: 'Lax', path: '/' });
  expect(await asha.page.evaluate(() => document.cookie)).toBe('');
  await asha.visit('/settings');
  await asha.page.getByRole('button', { name: 'Sign out' }).click();
  await expect(asha.page).toHaveURL(/\/sign_in/);
  await expect.poll(() => asha.context.cookies()).toEqual([]);
  await asha.context.addCookies([{ ...cookie }]);
  expect((await asha.api.fetch('GET', '/api/v1/me')).status()).toBe(401);
});

test('who signs out goes where that leads, and asks for nothing on the way', async ({ asha, guard }) => {
  // of the other tab, which learns it by being refused
  guard.allow(status(401));
  await asha.visit('/settings');
  const other = await asha.newTab('/messages?q=a%2Bb');
  const refused: string[] = [];
  asha.page.on('response', (answer) => void (answer.status() === 401 && refused.push(answer.url())));
  // the session has ended, and the answer takes its time
  await asha.page.route('**/sign_out', async (route) => {
    const answer = await route.fetch({ maxRedirects: 0 });
    await expect(other).toHaveURL((url) => url.pathname === '/sign_in' && url.searchParams.get('next') === '/messages?q=a%2Bb');
    await route.fulfill({ response: answer });
  });
  await asha.page.getByRole('button', { name: 'Sign out' }).click();
  await expect(asha.page).toHaveURL((url) => url.pathname === '/sign_in' && url.search === '');
  expect(refused).toEqual([]);
});

test('a person who is deactivated is out, without touching anything', async ({ asha, bikram, guard }) => {
  guard.allow(status(401));
  const { id } = await asha.api.open(bikram.id);
  await asha.api.send(id, 'Good morning');
  await bikram.visit(`/messages/${id}`);
  await cms(['user', 'deactivate', bikram.name.username]);
  await expect(bikram.page).toHaveURL(/\/sign_in/);
});
