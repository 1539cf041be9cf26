import { expect, test } from '../fixtures/test.ts';

test('5. Message status (Sent/Delivered/Read) is tracked', async ({ asha, bikram }) => {
  const { id } = await asha.api.open(bikram.id);
  const text = 'Which plates may pass?';
  await asha.visit(`/messages/${id}`);

  await test.step('sent: the server has it', async () => {
    await asha.conversation.write(text);
    await asha.conversation.expectStatus(text, 'sent');
    await expect(asha.inbox.row(bikram.displayName).locator('.status_ticks')).toHaveAttribute('data-status', 'sent');
    expect((await asha.api.messages(id))[0]).toMatchObject({ status: 'sent', delivered_at: null, read_at: null });
  });

  await test.step('that the server answers somebody with it delivers nothing', async () => {
    await bikram.api.messages(id);
    expect(await (await bikram.api.fetch('GET', `/messages/${id}`)).text()).toContain(text);
    await asha.frame.polls(2);
    await asha.conversation.expectStatus(text, 'sent');
  });

  await test.step('delivered: a client of the recipient has it', async () => {
    await bikram.visit('/messages');
    await asha.conversation.expectStatus(text, 'delivered');
    await expect(asha.inbox.row(bikram.displayName).locator('.status_ticks')).toHaveAttribute('data-status', 'delivered');
    await bikram.frame.polls(2);
    await asha.conversation.expectStatus(text, 'delivered');
  });

  await test.step('read: it stood on the screen of the recipient', async () => {
    await bikram.inbox.open(asha.displayName);
    await asha.conversation.expectStatus(text, 'read');
    await expect(asha.inbox.row(bikram.displayName).locator('.status_ticks')).toHaveAttribute('data-status', 'read');
  });

  await test.step('the times stand in this order, in the API and in the details of the message', async () => {
    const [message] = await asha.api.messages(id);
    const times = [message.sent_at, message.delivered_at ?? '', message.read_at ?? ''];
    expect(times.every((time) => /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/.test(time))).toBe(true);
    expect([...times].sort()).toEqual(times);
    const shown = await asha.conversation.details(text);
    expect(shown.map((one) => one.word)).toEqual(['Sent', 'Delivered', 'Read']);
    expect(shown.map((one) => Math.floor(Date.parse(one.time) / 1_000))).toEqual(times.map((time) => Math.floor(Date.parse(time) / 1_000)));
  });

  await test.step('with both in the conversation a message is read at once, and a status never goes back', async () => {
    await asha.conversation.write('And which not?');
    await asha.conversation.expectStatus('And which not?', 'read');
    await asha.frame.polls(2);
    await asha.conversation.expectStatus(text, 'read');
    await bikram.conversation.write('The second.');
    await bikram.conversation.expectStatus('The second.', 'read');
    await expect(bikram.conversation.bubble(text).locator('.status_ticks')).toHaveCount(0);
  });
});
