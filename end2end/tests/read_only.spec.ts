import { cms } from '../fixtures/site.ts';
import { expect, test } from '../fixtures/test.ts';

test('a conversation with somebody who was deactivated stays readable and says why no more', async ({ asha, bikram, chitra }) => {
  const { id } = await bikram.api.open(asha.id);
  await bikram.api.send(id, 'Handing over the dredging file from Monday.');
  await asha.visit(`/messages/${id}`);
  await expect(asha.conversation.field).toBeVisible();

  await test.step('without a reload, within five seconds', async () => {
    await cms(['user', 'deactivate', bikram.name.username]);
    await expect(asha.conversation.closed).toContainText('This person has been deactivated.');
    await expect(asha.conversation.composer).toHaveCount(0);
    await expect(asha.conversation.bubble('Handing over the dredging file from Monday.')).toBeVisible();
    await expect(asha.inbox.row(bikram.displayName)).toContainText('Deactivated');
  });

  await test.step('found only by who has a history with them', async () => {
    await chitra.visit('/messages/new');
    for (const [person, found] of [[asha, 1], [chitra, 0]] as const) {
      const answer = await person.api.json<{ items: { username: string }[] }>('GET', `/users?q=${encodeURIComponent(bikram.displayName)}`);
      expect(answer.items.filter((one) => one.username === bikram.name.username)).toHaveLength(found);
    }
  });

  await test.step('who comes back can be written to again', async () => {
    await cms(['user', 'activate', bikram.name.username]);
    await expect(asha.conversation.field).toBeVisible();
    await expect(asha.conversation.closed).toHaveCount(0);
    await asha.conversation.write('Welcome back.');
  });
});
