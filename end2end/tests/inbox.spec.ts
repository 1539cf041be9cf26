import { writeFile } from 'node:fs/promises';
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
  test.setTimeout(90_000);
  const rows = Array.from({ length: 120 }, (_, index) => `crowd.${asha.name.username}.${index},Crowd Member ${index},Crowd,member,,,`);
  const file = `${site().folder}/crowd.csv`;
  await writeFile(file, ['username,display_name,department,role,email,external_id,password', ...rows, ''].join('\n'));
  await cms(['user', 'import', file]);
  const ids = new Map<string, string>();
  for (let index = 0; index < 120; index += 1) {
    const { items } = await asha.api.json<{ items: { id: string; display_name: string }[] }>('GET', `/users?q=${encodeURIComponent(`crowd.${asha.name.username}.${index}`)}`);
    const found = items.find((one) => one.display_name === `Crowd Member ${index}`);
    ids.set(`Crowd Member ${index}`, found?.id ?? '');
  }
  for (const id of ids.values()) await asha.api.open(id);
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
