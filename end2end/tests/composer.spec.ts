import { status } from '../fixtures/guard.ts';
import { cms } from '../fixtures/site.ts';
import { expect, test } from '../fixtures/test.ts';

test('Enter sends, Shift and Enter break the line, blank text is nothing', async ({ asha, bikram }) => {
  const { id } = await asha.api.open(bikram.id);
  await asha.visit(`/messages/${id}`);
  const { field } = asha.conversation;
  const low = (await field.boundingBox())?.height ?? 0;
  await field.pressSequentially('first');
  for (const line of ['second', 'third', 'fourth']) {
    await field.press('Shift+Enter');
    await field.pressSequentially(line);
  }
  await expect(field).toHaveValue('first\nsecond\nthird\nfourth');
  await expect.poll(async () => (await field.boundingBox())?.height ?? 0).toBeGreaterThan(low * 1.5);
  await field.press('Enter');
  await expect(asha.conversation.bubble('first\nsecond\nthird\nfourth')).toBeVisible();
  await expect.poll(async () => (await field.boundingBox())?.height ?? 0).toBe(low);

  await field.fill('   \n ');
  await field.press('Enter');
  await field.fill('after the blank one');
  await asha.conversation.send.click();
  await expect(asha.conversation.bubble('after the blank one')).toHaveAttribute('data-status', 'sent');
  expect(await bikram.api.messages(id)).toHaveLength(2);
});

test('Enter that ends an input method’s composition sends nothing', async ({ asha, bikram }) => {
  const { id } = await asha.api.open(bikram.id);
  await asha.visit(`/messages/${id}`);
  const { field } = asha.conversation;
  await field.focus();
  const keyboard = await asha.context.newCDPSession(asha.page);
  await keyboard.send('Input.imeSetComposition', { text: 'にほん', selectionStart: 3, selectionEnd: 3 });
  await expect(field).toHaveValue('にほん');
  await field.evaluate((one) => {
    for (const init of [{ isComposing: true }, { keyCode: 229 }]) {
      one.dispatchEvent(new KeyboardEvent('keydown', { key: 'Enter', code: 'Enter', bubbles: true, cancelable: true, ...init }));
    }
  });
  await keyboard.send('Input.insertText', { text: '日本' });
  await expect(field).toHaveValue('日本');
  await expect(asha.conversation.bubbles).toHaveCount(0);
  await field.press('Enter');
  await expect(asha.conversation.bubble('日本')).toHaveAttribute('data-status', 'sent');
  expect((await bikram.api.messages(id)).map((one) => one.body)).toEqual(['日本']);
});

test('the counter appears near the limit and counts characters, not bytes or halves of them', async ({ asha, bikram }) => {
  const { id } = await asha.api.open(bikram.id);
  await asha.visit(`/messages/${id}`);
  const { field, counter } = asha.conversation;
  await field.fill('x'.repeat(3_599));
  await expect(counter).toBeHidden();
  await field.fill('x'.repeat(3_600));
  await expect(counter).toHaveText(/3,600 of 4,000/);
  const full = '🚢'.repeat(4_000);
  await field.fill(full);
  await expect(counter).toHaveText(/4,000 of 4,000/);
  await field.press('Enter');
  await expect(asha.conversation.bubbles.first()).toHaveAttribute('data-status', 'sent');
  expect((await bikram.api.messages(id))[0].body).toBe(full);
});

test('a text beyond the limit is not sent, and stays', async ({ asha, bikram }) => {
  const { id } = await asha.api.open(bikram.id);
  await asha.visit(`/messages/${id}`);
  const { field, counter, composer } = asha.conversation;
  await field.evaluate((one) => one.removeAttribute('maxlength'));
  await field.fill('x'.repeat(4_001));
  await expect(counter).toHaveText(/4,001 of 4,000/);
  await field.press('Enter');
  await expect(composer.getByText(/at most 4,?000/)).toBeVisible();
  await expect(field).toHaveValue('x'.repeat(4_001));
  await expect(asha.conversation.bubbles).toHaveCount(0);
  expect(await asha.api.messages(id)).toHaveLength(0);
});

test('a message that is refused keeps its text and says why', async ({ asha, bikram, guard }) => {
  const { id } = await asha.api.open(bikram.id);
  await asha.api.send(id, 'Good morning');
  await asha.visit(`/messages/${id}`);
  await asha.conversation.field.fill('Do not lose\nthese two lines');
  guard.allow(status(403));
  await asha.page.route('**/rpc/get_changes', (route) => route.abort());
  guard.allow(/ERR_FAILED/);
  await cms(['user', 'deactivate', bikram.name.username]);
  await asha.conversation.field.press('Enter');
  await expect(asha.conversation.pane.getByText(/has been deactivated/).first()).toBeVisible();
  const kept = asha.page.getByText('these two lines').or(asha.conversation.field);
  await expect.poll(async () => JSON.stringify([await asha.conversation.texts(), await asha.conversation.field.inputValue().catch(() => '')])).toContain('these two lines');
  await expect(kept.first()).toBeVisible();
  expect(await asha.api.messages(id)).toHaveLength(1);
});
