import { expect, test } from '../fixtures/test.ts';

const texts = [
  'Good morning, berth 4 is free at 16:30.',
  'First line\nsecond line\n\n  indented, after an empty one',
  '<img src=x onerror="document.title=1"> & <b>not bold</b> &amp; {{ nor this }}',
  'नमस्ते 👩🏽‍🚒 سلام עולם 你好 é',
];

test('2. Users can send and receive messages', async ({ asha, bikram }) => {
  const { id } = await asha.api.open(bikram.id);
  await asha.visit(`/messages/${id}`);
  await bikram.visit('/messages');

  await test.step('what one sends, the other receives without a reload', async () => {
    await asha.conversation.write(texts[0]);
    await expect(asha.conversation.field).toHaveValue('');
    await expect(asha.conversation.field).toBeFocused();
    await expect(bikram.inbox.row(asha.displayName)).toContainText(texts[0]);
    await bikram.inbox.open(asha.displayName);
    await expect(bikram.conversation.bubble(texts[0])).toHaveAttribute('data-from', 'peer');
    await expect(asha.conversation.bubble(texts[0])).toHaveAttribute('data-from', 'own');
  });

  await test.step('the text arrives as it was written, as text', async () => {
    for (const text of texts.slice(1)) await asha.conversation.write(text);
    await expect.poll(bikram.conversation.texts).toEqual(texts);
    await expect.poll(asha.conversation.texts).toEqual(texts);
    await expect(bikram.conversation.log.locator('img, b')).toHaveCount(0);
    expect((await asha.api.messages(id)).map((one) => one.body)).toEqual(texts);
    const { height, line } = await bikram.conversation.bubble(texts[1]).locator('.message_bubble-text').evaluate((one) => ({
      height: one.getBoundingClientRect().height, line: parseFloat(getComputedStyle(one).lineHeight),
    }));
    expect(Math.round(height / line)).toBe(4);
  });

  await test.step('an answer goes the same way, and both see one order', async () => {
    await bikram.conversation.write('Understood.');
    await expect(asha.conversation.bubble('Understood.')).toHaveAttribute('data-from', 'peer');
    await Promise.all([asha.conversation.write('And tomorrow?'), bikram.conversation.write('Until tomorrow, then.')]);
    await expect(asha.conversation.bubbles).toHaveCount(7);
    await expect(bikram.conversation.bubbles).toHaveCount(7);
    await expect.poll(async () => (await asha.conversation.texts()).join('|') === (await bikram.conversation.texts()).join('|')).toBe(true);
    expect(await asha.conversation.texts()).toEqual((await bikram.api.messages(id)).map((one) => one.body));
  });

  await test.step('who wrote is said, and the newest stands in view', async () => {
    await expect(asha.conversation.bubble('Understood.')).toContainText(`${bikram.displayName}: `);
    await expect(asha.conversation.bubble('And tomorrow?')).toContainText('You: ');
    await expect(asha.conversation.bubbles.last()).toBeInViewport({ ratio: 1 });
    await expect(bikram.conversation.bubbles.last()).toBeInViewport({ ratio: 1 });
  });
});

test('an address in a text is a link, and nothing else is', async ({ asha, bikram }) => {
  const { id } = await asha.api.open(bikram.id);
  await asha.api.send(id, 'See https://cms.example/plans?day=19&berth=4. Not javascript:alert(1), not data:text/html,x');
  await bikram.visit(`/messages/${id}`);
  const links = bikram.conversation.log.getByRole('link');
  await expect(links).toHaveCount(1);
  await expect(links).toHaveAttribute('href', 'https://cms.example/plans?day=19&berth=4');
  await expect(links).toHaveAttribute('rel', /noopener/);
});
