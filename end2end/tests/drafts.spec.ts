import type { Locator } from '@playwright/test';
import { status } from '../fixtures/guard.ts';
import { cms } from '../fixtures/site.ts';
import { expect, test } from '../fixtures/test.ts';
import { ConversationPage } from '../pages/conversation.ts';

test('what is typed stays with its conversation and never shows up in another', async ({ asha, bikram, chitra }) => {
  for (const peer of [bikram, chitra]) await asha.api.send((await asha.api.open(peer.id)).id, `Hello ${peer.givenName}`);
  await asha.visit('/messages');
  await asha.inbox.open(bikram.displayName);
  await asha.conversation.field.fill('For Bikram only:\nthe offer is 18,400');
  await asha.inbox.open(chitra.displayName);
  await expect(asha.conversation.field).toHaveValue('');
  const written = (name: string): Locator => asha.inbox.row(name).locator('.conversation_row-message');
  await expect(written(bikram.displayName)).toHaveText('Draft: For Bikram only: the offer is 18,400');
  await asha.conversation.field.fill('For Chitra');
  // while a conversation is open, the draft is seen where it is written
  await expect(written(chitra.displayName)).toContainText(`Hello ${chitra.givenName}`);
  await asha.inbox.open(bikram.displayName);
  await expect(asha.conversation.field).toHaveValue('For Bikram only:\nthe offer is 18,400');

  await asha.conversation.field.press('Enter');
  await expect(asha.conversation.field).toHaveValue('');
  await expect(written(chitra.displayName)).toHaveText('Draft: For Chitra');
  await asha.page.reload();
  await expect(written(chitra.displayName)).toHaveText('Draft: For Chitra');
  await asha.inbox.open(chitra.displayName);
  await expect(asha.conversation.field).toHaveValue('For Chitra');
  await expect(written(bikram.displayName)).toContainText('For Bikram only');
  await expect(written(bikram.displayName)).not.toContainText('Draft');
  await asha.page.goBack();
  await expect(asha.conversation.title).toHaveText(bikram.displayName);
  await expect(asha.conversation.field).toHaveValue('');
  const sent = await bikram.api.messages((await bikram.api.open(asha.id)).id);
  expect(sent.map((one) => one.body)).toEqual([`Hello ${bikram.givenName}`, 'For Bikram only:\nthe offer is 18,400']);
});

test('a draft does not outlive its person: the next one at this desk does not see it', async ({ asha, bikram, chitra }) => {
  const { id } = await asha.api.open(bikram.id);
  await chitra.api.open(bikram.id);
  await asha.visit(`/messages/${id}`);
  await asha.conversation.field.fill('Confidential, half written');
  await asha.page.goto('/settings');
  await asha.frame.hydrated();
  await asha.page.getByRole('button', { name: 'Sign out' }).click();
  await expect(asha.page).toHaveURL(/\/sign_in/);
  const kept = await asha.page.evaluate(() => JSON.stringify({ ...localStorage, ...sessionStorage }));
  expect(kept).not.toContain('Confidential');
});

test('nor in another tab of theirs', async ({ asha, bikram, guard }) => {
  guard.allow(status(401));
  const { id } = await asha.api.open(bikram.id);
  await asha.visit('/settings');
  const tab = await asha.newTab(`/messages/${id}`);
  const draft = (): Promise<string> => tab.evaluate(() => JSON.stringify({ ...sessionStorage }));
  await new ConversationPage(tab).field.fill('Confidential, half written');
  expect(await draft()).toContain('Confidential');
  await asha.page.getByRole('button', { name: 'Sign out' }).click();
  await expect(tab).toHaveURL(/\/sign_in/);
  expect(await draft()).not.toContain('Confidential');
});

test('what is being written stays in sight while it cannot be sent, and stands in the field when it can again', async ({ asha, bikram, guard }) => {
  guard.allow(status(422));
  const { id } = await asha.api.open(bikram.id);
  await asha.api.send(id, 'Good morning');
  await asha.visit(`/messages/${id}`);
  const { field, closed } = asha.conversation;

  // a page that comes back with a refused text shows it once
  const refused = 'x'.repeat(4_001);
  await field.evaluate((one: HTMLTextAreaElement, text) => {
    one.value = text;
    one.form?.submit();
  }, refused);
  await expect(asha.conversation.composer.getByText(/at most 4,?000/)).toBeVisible();
  await asha.frame.hydrated();
  await expect(field).toHaveValue(refused);
  await field.fill('Half\nwritten');

  await cms(['user', 'deactivate', bikram.name.username]);
  await expect(closed).toBeVisible();
  await expect(closed.getByRole('textbox')).toHaveValue('Half\nwritten');
  await cms(['user', 'activate', bikram.name.username]);
  await expect(field).toHaveValue('Half\nwritten');
  await expect(asha.conversation.composer.getByText(/at most 4,?000/)).toHaveCount(0);
});
