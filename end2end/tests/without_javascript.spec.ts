// The whole way with JavaScript switched off: real links and forms, POST, redirect, GET.
import { clientId, lines } from '../fixtures/api.ts';
import { status } from '../fixtures/guard.ts';
import { cms } from '../fixtures/site.ts';
import { expect, test } from '../fixtures/test.ts';

const plain = { javaScriptEnabled: false } as const;

test('without JavaScript: sign in, find, open, send, read, answer', async ({ arrive, bikram, guard }) => {
  const asha = await arrive({ ...plain, signedIn: false });
  const { page } = asha;

  await test.step('signing in, after a refusal that keeps the user name', async () => {
    guard.allow(status(401));
    await page.goto('/messages?q=x');
    await expect(page).toHaveURL(/\/sign_in\?next=/);
    await page.getByLabel('User name').fill(asha.name.username);
    await page.getByLabel('Password').fill('wrong');
    await page.getByRole('button', { name: 'Sign in' }).click();
    await expect(page.getByText('User name and password do not match.')).toBeVisible();
    await expect(page.getByLabel('User name')).toHaveValue(asha.name.username);
    await expect(page.getByLabel('Password')).toHaveValue('');
    await page.getByLabel('Password').fill(asha.password);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await expect(page).toHaveURL(/\/messages\?q=x$/);
    await page.goto('/messages');
    await expect(page.getByText('No conversations yet')).toBeVisible();
  });

  await test.step('a new conversation', async () => {
    await asha.inbox.newMessage.click();
    await expect(page).toHaveURL(/\/messages\/new/);
    await asha.page.locator('#people').fill(bikram.displayName);
    await asha.page.locator('#people').press('Enter');
    await expect(page).toHaveURL(/q=/);
    await page.getByRole('button', { name: bikram.displayName }).click();
    await expect(page).toHaveURL(/\/messages\/[0-9a-f-]{36}/);
    await expect(asha.conversation.title).toHaveText(bikram.displayName);
    // nothing is claimed that only a script would make true
    for (const claim of ['.composer-keys', '.connection_state', 'kbd']) {
      for (const one of await page.locator(claim).all()) await expect(one, claim).toBeHidden();
    }
    await expect(page.locator('.composer-keys')).toHaveCount(1);
  });

  const id = new URL(page.url()).pathname.split('/').at(-1) ?? '';
  await test.step('sending; a reload sends nothing twice', async () => {
    await asha.conversation.field.fill('Line one\nline two');
    await asha.conversation.send.click();
    await expect(page).toHaveURL(new RegExp(`/messages/${id}(#.*)?$`));
    await expect(asha.conversation.bubble('Line one\nline two')).toHaveAttribute('data-status', 'sent');
    await expect(asha.conversation.field).toHaveValue('');
    await page.reload();
    expect(await bikram.api.messages(id)).toHaveLength(1);
    await expect(asha.conversation.bubble('Line one\nline two').locator('time').first()).toContainText('UTC');
  });

  await test.step('an answer is unread until the button says that it was read', async () => {
    await bikram.api.sendMany(id, ['One answer', 'Another']);
    await page.goto('/messages');
    await expect(asha.inbox.badge(bikram.displayName)).toHaveText(/^2 /);
    await expect(page).toHaveTitle(/^\(2\) /);
    await asha.inbox.open(bikram.displayName);
    await expect(asha.conversation.bubble('Another')).toBeVisible();
    expect((await asha.api.conversation(id)).read_seq, 'a GET changes nothing').toBe(0);
    await page.getByRole('button', { name: 'Mark as read up to here' }).click();
    await expect(page).toHaveTitle(/^[^(]/);
    expect(await asha.api.conversation(id)).toMatchObject({ read_seq: 3, unread_count: 0 });
    expect((await bikram.api.messages(id)).map((one) => one.status)).toEqual(['sent', 'read', 'read']);
  });

  await test.step('a reply names what its page displayed', async () => {
    await bikram.api.send(id, 'Displayed');
    await page.reload();
    await bikram.api.send(id, 'Came later');
    await asha.conversation.field.fill('Reply to the displayed one');
    await asha.conversation.send.click();
    await expect(asha.conversation.bubble('Reply to the displayed one')).toBeVisible();
    expect((await bikram.api.messages(id)).filter((one) => one.sender_id === bikram.id).map((one) => one.status)).toEqual(['read', 'read', 'read', 'sent']);
  });

  await test.step('searching the inbox', async () => {
    await page.goto('/messages');
    await asha.inbox.search.fill(bikram.displayName);
    await asha.inbox.search.press('Enter');
    await expect(asha.inbox.rows).toHaveCount(1);
    await asha.inbox.search.fill('zzqx');
    await asha.inbox.search.press('Enter');
    await expect(asha.inbox.rows).toHaveCount(0);
    await expect(page.getByRole('heading', { name: 'No conversation matches “zzqx”' })).toBeVisible();
  });

  await test.step('signing out', async () => {
    await page.goto('/settings');
    await page.getByRole('button', { name: 'Sign out' }).click();
    await expect(page).toHaveURL(/\/sign_in/);
    await page.goto('/settings');
    await expect(page).toHaveURL(/\/sign_in\?next=/);
  });
});

test('without JavaScript: the history goes back and forth through links', async ({ arrive, bikram }) => {
  const asha = await arrive(plain);
  const { id } = await bikram.api.open(asha.id);
  await bikram.api.sendMany(id, lines(120));
  await asha.api.read(id, 120);
  await asha.page.goto(`/messages/${id}`);
  await expect(asha.conversation.seq(120)).toBeVisible();
  const seen = new Set<number>();
  for (;;) {
    for (const name of await asha.conversation.bubbles.evaluateAll((all) => all.map((one) => one.id))) seen.add(Number(name.slice(4)));
    if (seen.has(1)) break;
    const here = asha.page.url();
    await asha.conversation.pane.getByRole('link', { name: /older|earlier/i }).click();
    await expect(asha.page).not.toHaveURL(here);
    await expect(asha.page).toHaveURL(/before=/);
    // all of it
    await asha.page.waitForLoadState();
  }
  expect([...seen].sort((a, b) => a - b)).toEqual(Array.from({ length: 120 }, (_, index) => index + 1));
  await asha.conversation.pane.getByRole('link', { name: /newer|newest|later/i }).first().click();
  await expect(asha.conversation.seq(1)).toHaveCount(0);
});

test('without JavaScript: a refused text of several lines comes back with the reason', async ({ arrive, bikram, guard }) => {
  guard.allow(status(422));
  const asha = await arrive(plain);
  const { id } = await asha.api.open(bikram.id);
  await asha.page.goto(`/messages/${id}`);
  const text = `First line <b>&amp;\n"second" line\n${'x'.repeat(4_000)}`;
  const answer = await asha.context.request.post(`${asha.url}/messages/${id}`, {
    form: { body: text, client_id: clientId(), displayed_seq: '0', action: 'send' }, headers: { origin: asha.url }, maxRedirects: 0,
  });
  expect(answer.status()).toBe(422);
  await asha.page.setContent(await answer.text());
  await expect(asha.conversation.field).toHaveValue(text);
  await expect(asha.page.getByText(/at most 4,?000/).first()).toBeVisible();
  expect(await asha.api.messages(id)).toHaveLength(0);
});

test('without JavaScript: who has become unreachable is said, and the text is not lost', async ({ arrive, bikram, guard }) => {
  guard.allow(status(403));
  const asha = await arrive(plain);
  const { id } = await asha.api.open(bikram.id);
  await asha.api.send(id, 'Good morning');
  await asha.page.goto(`/messages/${id}`);
  await asha.conversation.field.fill('Do not lose\nthese two lines');
  await cms(['user', 'deactivate', bikram.name.username]);
  await asha.conversation.send.click();
  await expect(asha.page.getByText(/has been deactivated/).first()).toBeVisible();
  expect((await asha.page.locator('body').innerText()) + (await asha.page.locator('textarea').allTextContents()).join()).toContain('these two lines');
  expect(await asha.api.messages(id)).toHaveLength(1);
});

test('without JavaScript: the own password is changed, and other sessions end', async ({ arrive, guard }) => {
  guard.allow(status(422));
  guard.allow(status(401));
  const asha = await arrive(plain);
  const elsewhere = await arrive(plain, asha.name);
  const { page } = asha;
  await page.goto('/settings');
  await page.getByLabel('Current password').fill('not this one');
  await page.getByLabel('New password').fill('another long passphrase');
  await page.getByRole('button', { name: /password/i }).click();
  await expect(page.locator('.field-error').first()).toBeVisible();
  await page.getByLabel('Current password').fill(asha.password);
  await page.getByLabel('New password').fill('another long passphrase');
  await page.getByRole('button', { name: /password/i }).click();
  await expect(page).toHaveURL(/\/settings\?saved=1/);
  await expect(page.getByRole('status').filter({ hasText: /saved|changed/i })).toBeVisible();
  await elsewhere.page.goto('/messages');
  await expect(elsewhere.page).toHaveURL(/\/sign_in/);
  expect((await elsewhere.api.fetch('POST', '/api/v1/session', { username: asha.name.username, password: asha.password })).status()).toBe(401);
  expect((await elsewhere.api.fetch('POST', '/api/v1/session', { username: asha.name.username, password: 'another long passphrase' })).status()).toBe(200);
});

test('without JavaScript: a one-time link sets a password, once', async ({ arrive, guard }) => {
  guard.allow(status(422));
  guard.allow(status(404));
  const asha = await arrive(plain);
  const visitor = await arrive({ ...plain, signedIn: false }, asha.name);
  const { page } = visitor;
  const link = (await cms(['user', 'link', asha.name.username])).match(/\/password\/\S+/)?.[0] ?? 'no link was printed';
  await page.goto(link);
  await expect(page.getByText(asha.displayName)).toBeVisible();
  await page.getByLabel('New password').fill('short');
  await page.getByRole('button', { name: /password/i }).click();
  await expect(page.locator('.field-error').first()).toBeVisible();
  await page.getByLabel('New password').fill('a passphrase from the link');
  await page.getByRole('button', { name: /password/i }).click();
  await expect(page).toHaveURL(/\/sign_in\?password=set/);
  await page.getByLabel('User name').fill(asha.name.username);
  await page.getByLabel('Password').fill('a passphrase from the link');
  await page.getByRole('button', { name: 'Sign in' }).click();
  await expect(page).toHaveURL(/\/messages$/);
  expect((await page.goto(link))?.status()).toBe(404);
  await asha.page.goto('/messages');
  await expect(asha.page, 'the sessions from before have ended').toHaveURL(/\/sign_in/);
});
