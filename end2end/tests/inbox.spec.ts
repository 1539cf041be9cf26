import { writeFile } from 'node:fs/promises';
import type { Person } from '../fixtures/person.ts';
import { cms, site } from '../fixtures/site.ts';
import { expect, test } from '../fixtures/test.ts';

test('latest activity first, and a new message moves its row to the top', async ({ asha, bikram, chitra }) => {
  for (const peer of [bikram, chitra]) await peer.api.send((await peer.api.open(asha.id)).id, `From ${peer.givenName}`);
  await asha.visit('/messages');
  await expect.poll(asha.inbox.names).toEqual([chitra.displayName, bikram.displayName]);
  await bikram.api.send((await bikram.api.open(asha.id)).id, 'And again');
  await expect.poll(asha.inbox.names).toEqual([bikram.displayName, chitra.displayName]);
  await expect(asha.inbox.row(bikram.displayName)).toContainText('And again');
  await expect(asha.inbox.row(bikram.displayName).locator('time')).toHaveAttribute('datetime', /Z$/);
  await expect(asha.inbox.row(bikram.displayName)).toContainText(bikram.name.department);
});

test('the inbox loads more as one scrolls: every conversation once', async ({ asha }) => {
  await crowd(asha, 120);
  await asha.visit('/messages');
  const list = asha.page.locator('.conversation_list-scroll');
  await expect(async () => {
    await list.evaluate((one) => one.scrollTo({ top: one.scrollHeight }));
    await expect(asha.inbox.rows).toHaveCount(120, { timeout: 1_000 });
  }).toPass();
  const names = await asha.inbox.names();
  expect(new Set(names).size).toBe(120);
  expect(names[0]).toBe('Crowd Member 119');
  expect(names.at(-1)).toBe('Crowd Member 0');
});

test('a search that is overtaken does not keep further pages away', async ({ asha }) => {
  await crowd(asha, 60);
  await asha.visit('/messages');
  await expect(asha.inbox.rows).toHaveCount(50);
  const asked: Promise<unknown>[] = [asha.page.waitForRequest((one) => one.url().endsWith('/rpc/get_conversations') && one.postDataJSON().q === 'Crowd')];
  // the answer to the search never comes; everything else does
  await asha.page.route('**/rpc/get_conversations', (route) => (route.request().postDataJSON().q ? undefined : route.continue()));
  await asha.inbox.search.fill('Crowd');
  await Promise.all(asked);
  // near the end while the search is on its way: not now
  const list = asha.page.locator('.conversation_list-scroll');
  await list.evaluate((one) => one.scrollTo({ top: one.scrollHeight }));
  await asha.inbox.search.fill('');
  await expect(asha.inbox.rows).toHaveCount(60);
});

test('a change of the policy reaches rows off the loaded pages, also when they are opened later', async ({ asha, bikram, chitra }) => {
  const ends = { can_write: false, cannot_write_reason: 'The rules have changed.' };
  // her own messages: nothing there to read, so nothing else changes
  for (const peer of [bikram, chitra]) await asha.api.send((await asha.api.open(peer.id)).id, `To ${peer.givenName}`);
  const policy = { version: 0 };
  type Row = { peer: { id: string }; can_write: boolean; cannot_write_reason: string | null };
  const close = (row: Row): Row => (policy.version > 0 ? { ...row, ...ends } : row);
  // a server whose policy changes: as ours, but for its version and what it allows
  await asha.page.route(/\/rpc\/(get_changes|get_conversations|get_conversation)$/, async (route) => {
    const response = await route.fetch();
    const json = await response.json();
    const { q } = route.request().postDataJSON();
    if (json.policy_version !== undefined) json.policy_version += policy.version;
    // one of the two is on no page of the inbox, only a search finds it
    if (json.items) json.items = json.items.filter((row: Row) => q || policy.version === 0 || row.peer.id !== chitra.id).map(close);
    await route.fulfill({ response, json: json.items ? json : close(json) });
  });
  await asha.visit('/messages');
  await expect(asha.inbox.rows).toHaveCount(2);
  await asha.inbox.open(bikram.displayName);
  await expect(asha.conversation.field).toBeVisible();
  policy.version = 1;
  // a server with another policy is another process: the stream breaks, and the page asks when it has it again
  await asha.frame.polls(1);
  await expect(asha.conversation.closed).toContainText('The rules have changed.');
  await asha.inbox.search.fill(chitra.displayName);
  await asha.inbox.open(chitra.displayName);
  await expect(asha.conversation.closed).toContainText('The rules have changed.');
});

test('a page that does not exist says so', async ({ asha, guard }) => {
  guard.allow(/status of 404/);
  const answer = await asha.page.goto('/no/such/page');
  expect(answer?.status()).toBe(404);
  await asha.frame.hydrated();
  await expect(asha.page.getByRole('heading', { level: 1 })).toBeVisible();
  await asha.page.getByRole('link', { name: /inbox/i }).first().click();
  await expect(asha.page).toHaveURL(/\/messages$/);
});

test('back and forward walk through the conversations', async ({ asha, bikram, chitra }) => {
  for (const peer of [bikram, chitra]) await peer.api.send((await peer.api.open(asha.id)).id, `From ${peer.givenName}`);
  await asha.visit('/messages');
  await asha.inbox.open(bikram.displayName);
  await asha.inbox.open(chitra.displayName);
  await asha.page.goBack();
  await expect(asha.conversation.title).toHaveText(bikram.displayName);
  await expect(asha.conversation.bubble(`From ${bikram.givenName}`)).toBeVisible();
  await expect(asha.inbox.link(bikram.displayName)).toHaveAttribute('aria-current', 'page');
  await asha.page.goBack();
  await expect(asha.conversation.log).toHaveCount(0);
  await asha.page.goForward();
  await expect(asha.conversation.title).toHaveText(bikram.displayName);
});

/** So many colleagues who have a conversation with this person. */
async function crowd(person: Person, count: number): Promise<void> {
  const prefix = `crowd.${person.name.username}`;
  const rows = Array.from({ length: count }, (_, index) => `${prefix}.${index},Crowd Member ${index},Crowd,member,,,`);
  const file = `${site().folder}/${prefix}.csv`;
  await writeFile(file, ['username,display_name,department,role,email,external_id,password', ...rows, ''].join('\n'));
  await cms(['user', 'import', file]);
  for (let index = 0; index < count; index += 1) {
    const { items } = await person.api.json<{ items: { id: string; username: string }[] }>('GET', `/users?q=${encodeURIComponent(`${prefix}.${index}`)}`);
    await person.api.open(items.find((one) => one.username === `${prefix}.${index}`)?.id ?? '');
  }
}
