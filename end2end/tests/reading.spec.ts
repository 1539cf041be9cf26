// When a message counts as read: the conversation is open, the page visible, the window focused, the message in view.
import type { Request } from '@playwright/test';
import { lines } from '../fixtures/api.ts';
import { status } from '../fixtures/guard.ts';
import type { Person } from '../fixtures/person.ts';
import { setPresence } from '../fixtures/stage.ts';
import { expect, test } from '../fixtures/test.ts';

test('sixty unread messages: without focus none is read, with it those in view, and then no other', async ({ asha, arrive }) => {
  const bikram = await arrive({ focused: false });
  const { id } = await asha.api.open(bikram.id);
  await asha.api.sendMany(id, lines(60));
  await asha.visit(`/messages/${id}?around=1`);
  await bikram.page.clock.install();

  const readSeq = async (): Promise<number> => (await bikram.api.conversation(id)).read_seq;
  /** Half a minute of the page's time, with a question that it asks in between. */
  const muchLater = (): Promise<void> => bikram.frame.pollAfter(31_000);

  await test.step('the window has no focus: nothing becomes read', async () => {
    await bikram.visit(`/messages/${id}`);
    await expect(bikram.conversation.seq(1)).toBeInViewport();
    await expect(bikram.conversation.newLine).toHaveText(/60 new messages/);
    await muchLater();
    expect(await readSeq()).toBe(0);
    await bikram.frame.expectUnread(60);
    await asha.conversation.expectStatus(lines(60)[0], 'delivered');
  });

  await test.step('the window gets the focus, nobody scrolls: exactly what is displayed becomes read', async () => {
    await setPresence(bikram.page, { focused: true });
    await bikram.page.clock.runFor(1_000);
    await expect.poll(readSeq).toBeGreaterThan(0);
    await muchLater();
    const { whole, part } = await bikram.conversation.displayed();
    expect(whole).toBeLessThan(60);
    expect(await readSeq()).toBeGreaterThanOrEqual(whole);
    expect(await readSeq()).toBeLessThanOrEqual(part);
  });

  const seq = await readSeq();
  await test.step('half a minute later nothing else has moved', async () => {
    await muchLater();
    expect(await readSeq()).toBe(seq);
    await bikram.frame.expectUnread(60 - seq);
    await expect(bikram.inbox.badge(asha.displayName)).toHaveText(new RegExp(`^${60 - seq} `));
    await expect(bikram.conversation.seq(1)).toBeInViewport();
    await expect(bikram.conversation.newLine).toHaveText(/60 new messages/);
  });

  await test.step('the sender sees the same', async () => {
    await expect(asha.conversation.log.locator('.message_bubble[data-status="read"]').last()).toHaveAttribute('id', `seq_${seq}`);
    await expect(asha.conversation.seq(seq + 1)).toHaveAttribute('data-status', 'delivered');
  });

  await test.step('another tab agrees', async () => {
    const tab = await bikram.newTab('/messages');
    await expect(tab.locator('.conversation_row .unread_badge')).toHaveText(new RegExp(`^${60 - seq} `));
    await tab.close();
  });

  await test.step('hidden, scrolled to the end: nothing is read; shown again: nothing is skipped', async () => {
    await setPresence(bikram.page, { visible: false });
    // the end of what is loaded first, then the end of the conversation
    for (const last of [50, 60]) {
      await expect(bikram.conversation.seq(last)).toBeAttached();
      await bikram.conversation.log.evaluate((log) => log.scrollTo({ top: log.scrollHeight }));
    }
    await expect(bikram.conversation.seq(60)).toBeInViewport();
    await bikram.frame.pollAfter(31_000);
    expect(await readSeq()).toBe(seq);
    await setPresence(bikram.page, { visible: true });
    await muchLater();
    expect(await readSeq()).toBe(seq);
  });

  await test.step('hidden, one screen further: nothing is read; shown again: what stands there', async () => {
    await setPresence(bikram.page, { visible: false });
    await bikram.conversation.seq(seq + 1).evaluate((one) => one.scrollIntoView({ block: 'start' }));
    await expect(bikram.conversation.seq(seq + 1)).toBeInViewport();
    await bikram.frame.pollAfter(31_000);
    expect(await readSeq()).toBe(seq);
    await setPresence(bikram.page, { visible: true });
    await muchLater();
    const { whole, part } = await bikram.conversation.displayed();
    expect(whole).toBeLessThan(60);
    await expect.poll(readSeq).toBeGreaterThanOrEqual(whole);
    expect(await readSeq()).toBeLessThanOrEqual(part);
  });

  await test.step('to jump to the newest marks everything', async () => {
    await bikram.conversation.log.evaluate((log) => log.scrollTo({ top: -log.scrollHeight }));
    await expect(bikram.conversation.seq(1)).toBeInViewport();
    await expect(bikram.conversation.jump).toBeVisible();
    await bikram.conversation.jump.click();
    await bikram.page.clock.runFor(1_000);
    await expect.poll(readSeq).toBe(60);
    await bikram.frame.pollAfter(31_000);
    await bikram.frame.expectUnread(0);
  });
});

test('reading by scrolling: what has passed before the eyes is read, without a gap', async ({ asha, bikram }) => {
  const { id } = await asha.api.open(bikram.id);
  await asha.api.sendMany(id, lines(60));
  await bikram.visit(`/messages/${id}`);
  await expect(bikram.conversation.seq(1)).toBeInViewport();
  const readSeq = async (): Promise<number> => (await bikram.api.conversation(id)).read_seq;
  await expect.poll(readSeq).toBeGreaterThan(0);
  for (let last = 0; last < 60; ) {
    const { whole } = await bikram.conversation.displayed();
    await expect.poll(readSeq).toBeGreaterThanOrEqual(whole);
    last = await readSeq();
    await bikram.conversation.log.evaluate((log) => log.scrollBy(0, log.clientHeight * 0.8));
  }
  await bikram.frame.expectUnread(0);
});

test('a message that arrives while one reads far above is not read, and does not pull one down', async ({ asha, bikram }) => {
  const { id } = await asha.api.open(bikram.id);
  await asha.api.sendMany(id, lines(60));
  await bikram.api.read(id, 60);
  await bikram.visit(`/messages/${id}`);
  await expect(bikram.conversation.seq(60)).toBeInViewport();
  await bikram.conversation.log.evaluate((log) => log.scrollBy(0, -log.clientHeight));
  const anchor = bikram.conversation.seq(35);
  await anchor.scrollIntoViewIfNeeded();
  const before = await anchor.boundingBox();
  await asha.api.send(id, 'One more, far below.');
  await expect(bikram.conversation.jump).toBeVisible();
  await bikram.frame.expectUnread(1);
  await bikram.frame.polls(1);
  const after = await anchor.boundingBox();
  expect(Math.abs((after?.y ?? 0) - (before?.y ?? 99))).toBeLessThan(2);
  expect((await bikram.api.conversation(id)).read_seq).toBe(60);
  await bikram.conversation.jump.click();
  await expect(bikram.conversation.bubble('One more, far below.')).toBeInViewport();
  await bikram.frame.expectUnread(0);
});

test('what was displayed becomes read although the server failed and the reader has gone on', async ({ asha, bikram, chitra, guard }) => {
  guard.allow(status(503));
  const { id } = await asha.api.open(bikram.id);
  await asha.api.send(id, 'Read this before the trouble ends');
  await chitra.api.send((await chitra.api.open(bikram.id)).id, 'And then this');
  await bikram.page.route('**/rpc/mark_read', (route) => route.fulfill({
    status: 503, contentType: 'application/json', body: JSON.stringify({ code: 'unavailable', detail: 'Not now.' }),
  }));
  await bikram.visit(`/messages/${id}`);
  const refused = (): Promise<unknown> => bikram.page.waitForResponse((one) => one.url().endsWith('/rpc/mark_read') && one.request().postDataJSON().conversation_id === id);
  await refused();
  await bikram.inbox.open(chitra.displayName);
  await refused();
  await bikram.page.unroute('**/rpc/mark_read');
  await expect.poll(async () => (await bikram.api.conversation(id)).read_seq, { timeout: 30_000 }).toBe(1);
  await bikram.frame.expectUnread(0);
});

test.describe('on the way to the newest', () => {
  test('what arrives meanwhile is not marked', async ({ asha, bikram }) => {
    const { id } = await asha.api.open(bikram.id);
    await asha.api.sendMany(id, lines(60));
    const jump = await jumpHeld(bikram, id);
    await asha.api.send(id, 'Arrived on the way');
    await expect(bikram.inbox.row(asha.displayName)).toContainText('Arrived on the way');
    const marked = bikram.page.waitForRequest((one) => one.url().endsWith('/rpc/mark_read') && one.postDataJSON().up_to_seq >= 60);
    jump.answer();
    expect((await marked).postDataJSON().up_to_seq).toBe(60);
    await expect(bikram.conversation.bubble('Arrived on the way')).toBeAttached();
  });

  test('one may leave: nothing is marked, and the page goes on', async ({ asha, bikram, chitra }) => {
    const { id } = await asha.api.open(bikram.id);
    await asha.api.sendMany(id, lines(60));
    await chitra.api.send((await chitra.api.open(bikram.id)).id, 'Another conversation');
    const jump = await jumpHeld(bikram, id);
    await bikram.inbox.open(chitra.displayName);
    const { read_seq } = await bikram.api.conversation(id);
    jump.answer();
    await jump.answered;
    await bikram.conversation.write('Still alive');
    await bikram.frame.polls(1);
    expect((await bikram.api.conversation(id)).read_seq).toBe(read_seq);
  });
});

/** Opens the conversation at its beginning and jumps; the answer stays on its way, as it was when it was asked for. */
async function jumpHeld(person: Person, id: string): Promise<{ answer: () => void; answered: Promise<unknown> }> {
  await person.visit(`/messages/${id}?around=1`);
  await expect.poll(async () => (await person.api.conversation(id)).read_seq).toBeGreaterThan(0);
  let answer = (): void => undefined;
  const held = new Promise<void>((resolve) => (answer = resolve));
  let asked = (): void => undefined;
  const was_asked = new Promise<void>((resolve) => (asked = resolve));
  const newest = (request: Request): boolean => request.url().endsWith('/rpc/get_messages') && request.postDataJSON().at === 'newest';
  await person.page.route('**/rpc/get_messages', async (route) => {
    if (!newest(route.request())) return route.continue();
    const response = await route.fetch();
    asked();
    await held;
    await route.fulfill({ response });
  });
  const answered = person.page.waitForResponse((one) => newest(one.request()));
  await person.conversation.jump.click();
  await was_asked;
  return { answer, answered };
}
