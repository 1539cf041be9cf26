import { lines } from '../fixtures/api.ts';
import { expect, test } from '../fixtures/test.ts';

test('4. Unread message counts are displayed', async ({ asha, bikram, chitra }) => {
  await bikram.visit('/messages');
  await bikram.frame.expectUnread(0);

  await test.step('per conversation, in the menu and in the title, as messages arrive', async () => {
    const fromAsha = await asha.api.open(bikram.id);
    await asha.api.send(fromAsha.id, 'The pilot is confirmed.');
    await expect(bikram.inbox.badge(asha.displayName)).toHaveText(/^1 unread$/);
    await bikram.frame.expectUnread(1);
    const fromChitra = await chitra.api.open(bikram.id);
    await chitra.api.sendMany(fromChitra.id, lines(3));
    await expect(bikram.inbox.badge(chitra.displayName)).toHaveText(/^3 unread$/);
    await expect(bikram.inbox.badge(asha.displayName)).toHaveText(/^1 unread$/);
    await bikram.frame.expectUnread(4);
    await expect(bikram.frame.badge).toHaveText(/^4 unread messages$/);
    await expect(bikram.inbox.row(chitra.displayName)).toHaveAttribute('data-unread', /.*/);
    expect(await bikram.api.unread()).toEqual({ messages: 4, conversations: 2 });
  });

  await test.step('the server says the same before any script runs', async () => {
    const html = await (await bikram.api.fetch('GET', '/messages')).text();
    expect(html).toMatch(/<title>\(4\) /);
    await bikram.visit('/settings');
    await bikram.frame.expectUnread(4);
    await bikram.visit('/messages');
  });

  await test.step('reading clears the count, own messages never count', async () => {
    await bikram.inbox.open(chitra.displayName);
    await expect(bikram.inbox.badge(chitra.displayName)).toHaveCount(0);
    await bikram.frame.expectUnread(1);
    await bikram.conversation.write('Thank you.');
    await bikram.frame.expectUnread(1);
    await bikram.inbox.open(asha.displayName);
    await bikram.frame.expectUnread(0);
    expect(await bikram.api.unread()).toEqual({ messages: 0, conversations: 0 });
  });
});

test('a count beyond 99 is capped on the badge and said in words', async ({ asha, bikram }) => {
  const { id } = await asha.api.open(bikram.id);
  await asha.api.sendMany(id, lines(101));
  await bikram.visit('/messages');
  await expect(bikram.inbox.badge(asha.displayName)).toHaveText(/^99\+/);
  await expect(bikram.frame.badge).toHaveText(/^99\+/);
  expect(await bikram.api.unread()).toEqual({ messages: 101, conversations: 1 });
});
