import { lines } from '../fixtures/api.ts';
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
