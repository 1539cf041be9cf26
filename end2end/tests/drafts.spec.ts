import { expect, test } from '../fixtures/test.ts';

test('what is typed stays with its conversation and never shows up in another', async ({ asha, bikram, chitra }) => {
  for (const peer of [bikram, chitra]) await asha.api.send((await asha.api.open(peer.id)).id, `Hello ${peer.givenName}`);
  await asha.visit('/messages');
  await asha.inbox.open(bikram.displayName);
  await asha.conversation.field.fill('For Bikram only:\nthe offer is 18,400');
  await asha.inbox.open(chitra.displayName);
  await expect(asha.conversation.field).toHaveValue('');
  await asha.conversation.field.fill('For Chitra');
  await asha.inbox.open(bikram.displayName);
  await expect(asha.conversation.field).toHaveValue('For Bikram only:\nthe offer is 18,400');

  await asha.conversation.field.press('Enter');
  await expect(asha.conversation.field).toHaveValue('');
  await asha.inbox.open(chitra.displayName);
  await expect(asha.conversation.field).toHaveValue('For Chitra');
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
