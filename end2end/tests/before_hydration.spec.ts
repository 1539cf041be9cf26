// The page before its script is there, and where it never comes.
import type { Page } from '@playwright/test';
import { kept } from '../fixtures/faults.ts';
import { cutOff } from '../fixtures/guard.ts';
import { expect, test } from '../fixtures/test.ts';

/** Holds back the scripts until the returned function is called. */
async function holdScripts(page: Page): Promise<() => void> {
  let release = (): void => undefined;
  const released = new Promise<void>((resolve) => (release = resolve));
  await page.route(/\/pkg\/.*\.(js|wasm)/, async (route) => {
    await released;
    await route.continue();
  });
  return release;
}

test('text that is typed before the page is alive survives it, and is sent once', async ({ asha, bikram }) => {
  const { id } = await asha.api.open(bikram.id);
  const release = await holdScripts(asha.page);
  await asha.page.goto(`/messages/${id}`, { waitUntil: 'commit' });
  await asha.conversation.field.pressSequentially('Typed early, ');
  await expect(asha.page.locator('html[data-hydrated]')).toHaveCount(0);
  release();
  await asha.frame.hydrated();
  await expect(asha.conversation.field).toHaveValue('Typed early, ');
  await expect(asha.conversation.field).toBeFocused();
  await asha.conversation.field.pressSequentially('sent late.');
  await asha.conversation.field.press('Enter');
  await expect(asha.conversation.bubble('Typed early, sent late.')).toHaveAttribute('data-status', 'sent');
  expect(await bikram.api.messages(id)).toHaveLength(1);
});

test('a search that is typed before the page is alive survives it', async ({ asha, bikram }) => {
  await asha.api.open(bikram.id);
  const release = await holdScripts(asha.page);
  await asha.page.goto('/messages', { waitUntil: 'commit' });
  await asha.inbox.search.pressSequentially(bikram.givenName);
  release();
  await asha.frame.hydrated();
  await expect(asha.inbox.search).toHaveValue(bikram.givenName);
});

test('who signs out before the page is alive leaves nothing of what they wrote', async ({ asha, bikram, guard }) => {
  guard.allow(cutOff);
  const { id } = await asha.api.open(bikram.id);
  await asha.visit(`/messages/${id}`);
  await asha.context.route('**/rpc/send_message', (route) => route.abort());
  await asha.conversation.field.fill('On its way for ever');
  await asha.conversation.field.press('Enter');
  await expect.poll(() => kept(asha.page)).toEqual(['On its way for ever']);
  await asha.conversation.field.fill('Only typed');
  const typed = (): Promise<string> => asha.page.evaluate(() => JSON.stringify({ ...localStorage, ...sessionStorage }));
  expect(await typed()).toContain('Only typed');

  const release = await holdScripts(asha.page);
  await asha.page.goto('/settings', { waitUntil: 'commit' });
  await asha.page.getByRole('button', { name: 'Sign out' }).click();
  await expect(asha.page).toHaveURL(/\/sign_in$/);
  expect(await typed()).toContain('Only typed');
  release();
  await asha.frame.hydrated();
  await expect.poll(() => kept(asha.page)).toEqual([]);
  await expect.poll(() => asha.context.cookies(), 'nothing is left to be forgotten').toEqual([]);
  for (const text of ['Only typed', 'On its way for ever']) expect(await typed()).not.toContain(text);
});

test('where the script never comes, links and forms do', async ({ asha, bikram, guard }) => {
  guard.allow(cutOff);
  // what was cut off, the module or what it loads, rejects without a word of ours
  guard.allow(/exception: $|Failed to fetch|preload/i);
  const { id } = await bikram.api.open(asha.id);
  await bikram.api.send(id, 'Are you there?');
  await asha.context.route(/\/pkg\/.*\.(js|wasm)/, (route) => route.abort());
  await asha.page.goto('/messages');
  await asha.inbox.open(bikram.displayName);
  await asha.conversation.field.fill('Yes,\nwithout any script');
  await asha.conversation.send.click();
  await expect(asha.conversation.bubble('Yes,\nwithout any script')).toHaveAttribute('data-status', 'sent');
  expect((await bikram.api.messages(id)).map((one) => one.body)).toEqual(['Are you there?', 'Yes,\nwithout any script']);
});

test('the plain pages hold the names and the texts', async ({ asha, bikram }) => {
  const { id } = await bikram.api.open(asha.id);
  await bikram.api.send(id, 'In the document from the first byte');
  const expected: [string, string[]][] = [
    ['/messages', [bikram.displayName, bikram.name.department, 'In the document from the first byte', '1 unread'.slice(0, 1)]],
    [`/messages/${id}`, [bikram.displayName, 'In the document from the first byte', 'id="seq_1"', 'composer_body']],
    [`/messages?q=${encodeURIComponent(bikram.displayName)}`, [bikram.displayName]],
    [`/messages/new?q=${encodeURIComponent(bikram.displayName)}`, [bikram.displayName, bikram.name.department]],
    ['/settings', [asha.displayName, 'current_password', 'new_password']],
  ];
  for (const [path, words] of expected) {
    const answer = await asha.api.fetch('GET', path);
    const html = await answer.text();
    expect(answer.status(), path).toBe(200);
    expect(answer.headers()['cache-control'], path).toContain('no-store');
    const visible = html.replace(/<script[\s\S]*?<\/script>/g, '');
    for (const word of words) expect(visible, path).toContain(word);
    expect(visible, path).not.toContain('Loading');
  }
});
