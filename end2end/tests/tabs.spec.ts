import { lines } from '../fixtures/api.ts';
import { cutOff, status } from '../fixtures/guard.ts';
import { ConversationPage } from '../pages/conversation.ts';
import { Frame } from '../pages/frame.ts';
import { InboxPage } from '../pages/inbox.ts';
import { expect, test } from '../fixtures/test.ts';

test('two tabs of one user agree on what is unread, and on what was sent', async ({ asha, bikram }) => {
  const { id } = await asha.api.open(bikram.id);
  await asha.api.sendMany(id, lines(3));
  await bikram.visit('/messages');
  const tab = await bikram.newTab('/messages');
  const other = { frame: new Frame(tab), inbox: new InboxPage(tab), conversation: new ConversationPage(tab) };
  await bikram.frame.expectUnread(3);
  await other.frame.expectUnread(3);

  await bikram.inbox.open(asha.displayName);
  await bikram.frame.expectUnread(0);
  await other.frame.expectUnread(0);
  await expect(other.inbox.badge(asha.displayName)).toHaveCount(0);

  await other.inbox.open(asha.displayName);
  await other.conversation.write('Sent in the second tab');
  await expect(bikram.conversation.bubble('Sent in the second tab')).toHaveAttribute('data-from', 'own');
  await asha.api.read(id, 4);
  await bikram.conversation.expectStatus('Sent in the second tab', 'read');
  await other.conversation.expectStatus('Sent in the second tab', 'read');
});

test('who signs out in one tab is signed out in the other', async ({ asha, bikram, guard }) => {
  const { id } = await asha.api.open(bikram.id);
  await asha.api.send(id, 'Not for the next one at this desk.');
  await bikram.visit(`/messages/${id}`);
  const tab = await bikram.newTab('/settings');
  guard.allow(/status of 401/);
  await tab.getByRole('button', { name: 'Sign out' }).click();
  await expect(tab).toHaveURL(/\/sign_in/);
  await expect(bikram.page).toHaveURL(/\/sign_in/);
  await expect(bikram.page.locator('body')).not.toContainText('Not for the next one');
  expect((await bikram.api.fetch('GET', '/api/v1/me')).status()).toBe(401);
});

test('a tab of somebody else than who is signed in by now sends nothing in their name, keeps what was written, and goes', async ({ asha, bikram, guard }) => {
  guard.allow(cutOff);
  guard.allow(status(409));
  const { id } = await asha.api.open(bikram.id);
  await asha.api.send(id, 'For Bikram');
  await asha.visit(`/messages/${id}`);
  await asha.page.route('**/rpc/get_changes', (route) => route.abort());
  // the other participant of this very conversation sits down at a second tab
  await asha.context.addCookies(await bikram.context.cookies());
  const answer = asha.page.waitForResponse('**/rpc/send_message');
  await asha.conversation.field.fill('Written by Asha');
  await asha.conversation.field.press('Enter');
  expect((await answer).status()).toBe(409);
  await asha.conversation.expectStatus('Written by Asha', 'queued');
  await asha.page.unroute('**/rpc/get_changes');
  await asha.frame.wake();
  await expect(asha.page).toHaveURL(/\/messages$/);
  await expect(asha.inbox.row(asha.displayName)).toBeVisible();
  await expect(asha.page.locator('body')).not.toContainText('Written by Asha');
  expect((await bikram.api.messages(id)).map((one) => one.body)).toEqual(['For Bikram']);

  // whose it is finds it again
  await asha.page.close();
  await asha.api.signIn(asha.name.username, asha.password);
  const tab = new ConversationPage(await asha.newTab(`/messages/${id}`));
  await tab.expectStatus('Written by Asha', 'sent');
  expect((await bikram.api.messages(id)).map((one) => [one.body, one.sender_id])).toEqual([['For Bikram', asha.id], ['Written by Asha', asha.id]]);
});
