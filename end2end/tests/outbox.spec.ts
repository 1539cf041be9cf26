// A message is kept from the moment it is written until somebody confirms it, whatever happens to the page.
import type { Page } from '@playwright/test';
import { writeHistory } from '../fixtures/bulk.ts';
import { kept, loseAnswer, unavailable } from '../fixtures/faults.ts';
import { cutOff, status } from '../fixtures/guard.ts';
import { site } from '../fixtures/site.ts';
import { expect, test } from '../fixtures/test.ts';
import { ConversationPage } from '../pages/conversation.ts';

const SEND = '**/rpc/send_message';

async function write(page: Page, ...texts: string[]): Promise<void> {
  const { field } = new ConversationPage(page);
  for (const text of texts) {
    await field.fill(text);
    await field.press('Enter');
    await expect(field).toHaveValue('');
  }
}

test('what is written offline waits, outlives its tab, and is sent once and in order', async ({ asha, bikram, guard }) => {
  guard.allow(cutOff);
  const { id } = await asha.api.open(bikram.id);
  await asha.visit(`/messages/${id}`);
  await asha.context.setOffline(true);
  await write(asha.page, 'first', 'second', 'third');
  for (const text of ['first', 'second', 'third']) await asha.conversation.expectStatus(text, 'queued');
  await expect(asha.conversation.field).toBeEditable();
  await expect.poll(() => kept(asha.page)).toEqual(['first', 'second', 'third']);
  await asha.page.close();
  await asha.context.setOffline(false);

  const tab = await asha.newTab(`/messages/${id}`);
  const conversation = new ConversationPage(tab);
  for (const text of ['first', 'second', 'third']) await conversation.expectStatus(text, 'sent');
  expect(await conversation.texts()).toEqual(['first', 'second', 'third']);
  expect((await bikram.api.messages(id)).map((one) => one.body)).toEqual(['first', 'second', 'third']);
  await expect.poll(() => kept(tab)).toEqual([]);
});

test('what waits goes out by itself when the network is back', async ({ asha, bikram, guard }) => {
  guard.allow(cutOff);
  const { id } = await asha.api.open(bikram.id);
  await asha.visit(`/messages/${id}`);
  await asha.context.setOffline(true);
  await write(asha.page, 'Written in the tunnel', 'Not this one');
  await asha.conversation.bubble('Not this one').getByRole('button', { name: 'Delete' }).click();
  await expect(asha.conversation.bubble('Not this one')).toHaveCount(0);
  await asha.context.setOffline(false);
  await asha.conversation.expectStatus('Written in the tunnel', 'sent');
  await asha.conversation.write('after the tunnel');
  expect((await bikram.api.messages(id)).map((one) => one.body)).toEqual(['Written in the tunnel', 'after the tunnel']);
});

for (const database of ['with a database', 'without one'] as const) {
  test(`a reload in the middle of sending loses nothing and doubles nothing, ${database}`, async ({ asha, bikram, guard }) => {
    guard.allow(cutOff);
    const { id } = await asha.api.open(bikram.id);
    if (database === 'without one') await asha.context.addInitScript(() => Object.defineProperty(window, 'indexedDB', { value: undefined }));
    await asha.visit(`/messages/${id}`);
    const keys = new Set<string>();
    let asked = (): void => undefined;
    const begun = new Promise<void>((resolve) => (asked = resolve));
    // stored, and no answer for as long as the page lives
    await asha.page.route(SEND, async (route) => {
      keys.add(route.request().postDataJSON().client_id);
      await route.fetch();
      asked();
    });
    await write(asha.page, 'In the middle');
    await begun;
    await asha.page.unroute(SEND);
    await asha.page.route(SEND, async (route) => {
      keys.add(route.request().postDataJSON().client_id);
      await route.continue();
    });
    await asha.page.reload();
    await asha.frame.hydrated();
    await asha.conversation.expectStatus('In the middle', 'sent');
    await expect(asha.conversation.bubbles).toHaveCount(1);
    await write(asha.page, 'Afterwards');
    await asha.conversation.expectStatus('Afterwards', 'sent');
    expect((await bikram.api.messages(id)).map((one) => one.body)).toEqual(['In the middle', 'Afterwards']);
    expect(keys.size).toBe(2);
    await expect.poll(() => asha.page.evaluate(() => Object.values(sessionStorage).join())).not.toContain('In the middle');
  });
}

test('what is not confirmed is there after a reload, and is not called "not sent"', async ({ asha, bikram, guard }) => {
  guard.allow(cutOff);
  const { id } = await asha.api.open(bikram.id);
  await asha.visit(`/messages/${id}`);
  await asha.page.route(SEND, (route) => route.abort());
  await write(asha.page, 'In doubt', 'behind it');
  await asha.conversation.expectStatus('In doubt', 'unconfirmed');
  await asha.conversation.expectStatus('behind it', 'queued');
  await asha.page.reload();
  await asha.frame.hydrated();
  await asha.conversation.expectStatus('In doubt', 'unconfirmed');
  await expect(asha.conversation.bubble('In doubt').getByRole('button', { name: /Delete|Retry/ })).toHaveCount(0);
  await asha.page.unroute(SEND);
  await asha.conversation.expectStatus('behind it', 'sent');
  expect((await bikram.api.messages(id)).map((one) => one.body)).toEqual(['In doubt', 'behind it']);
});

test('answers that are lost again and again end as one message', async ({ asha, bikram, guard }) => {
  guard.allow(cutOff);
  const { id } = await asha.api.open(bikram.id);
  await asha.page.clock.install();
  await asha.visit(`/messages/${id}`);
  let tries = 0;
  await asha.page.route(SEND, async (route) => {
    tries += 1;
    await loseAnswer(route);
  });
  // it does not hear of its own message in another way
  await asha.page.route('**/rpc/get_*', (route) => route.abort());
  await write(asha.page, 'Five times lost');
  for (let seen = 1; seen <= 5; seen += 1) {
    await expect.poll(async () => {
      await asha.page.clock.runFor(1_000);
      return tries;
    }).toBeGreaterThanOrEqual(seen);
    await asha.conversation.expectStatus('Five times lost', 'unconfirmed');
  }
  await asha.page.unroute(SEND);
  await expect.poll(async () => {
    await asha.page.clock.runFor(5_000);
    return asha.conversation.bubble('Five times lost').getAttribute('data-status');
  }).toBe('sent');
  expect(await bikram.api.messages(id)).toHaveLength(1);
});

test('a message that fails is not overtaken, and those behind it go when it went or was thrown away', async ({ asha, bikram, guard }) => {
  guard.allow(status(503));
  const { id } = await asha.api.open(bikram.id);
  await asha.visit(`/messages/${id}`);
  const fail = async (...texts: string[]): Promise<void> => {
    await asha.page.route(SEND, unavailable);
    await write(asha.page, ...texts);
    await asha.conversation.expectStatus(texts[0], 'failed');
    for (const text of texts.slice(1)) await asha.conversation.expectStatus(text, 'queued');
    await asha.page.unroute(SEND);
  };
  await fail('one', 'two', 'three');
  await write(asha.page, 'four');
  await asha.conversation.expectStatus('four', 'queued');
  await asha.conversation.bubble('one').getByRole('button', { name: 'Retry' }).click();
  await asha.conversation.expectStatus('four', 'sent');
  await fail('five', 'six');
  await asha.conversation.bubble('five').getByRole('button', { name: 'Delete' }).click();
  await asha.conversation.expectStatus('six', 'sent');
  expect((await bikram.api.messages(id)).map((one) => one.body)).toEqual(['one', 'two', 'three', 'four', 'six']);
});

test('a refused message stays refused: no reload sends it again', async ({ asha, bikram, guard }) => {
  guard.allow(status(422));
  const { id } = await asha.api.open(bikram.id);
  await asha.visit(`/messages/${id}`);
  let tries = 0;
  await asha.page.route(SEND, (route) => {
    tries += 1;
    return route.fulfill({ status: 422, contentType: 'application/json', body: JSON.stringify({ code: 'invalid', detail: 'Not like this.' }) });
  });
  await write(asha.page, 'Refused');
  await asha.conversation.expectStatus('Refused', 'failed');
  await expect(asha.conversation.bubble('Refused').getByRole('alert')).toContainText('Not like this.');
  await asha.page.unroute(SEND);
  await asha.page.reload();
  await asha.frame.hydrated();
  await asha.conversation.expectStatus('Refused', 'failed');
  await asha.conversation.write('The next one');
  await asha.conversation.expectStatus('Refused', 'failed');
  expect(tries).toBe(1);
  expect((await bikram.api.messages(id)).map((one) => one.body)).toEqual(['The next one']);
});

test('a session that ends takes no message with it: it is sent after signing in again', async ({ asha, bikram, guard }) => {
  guard.allow(cutOff);
  guard.allow(status(401));
  const { id } = await asha.api.open(bikram.id);
  await asha.visit(`/messages/${id}`);
  await asha.page.route('**/rpc/get_changes', (route) => route.abort());
  await asha.api.json('DELETE', '/session');
  await write(asha.page, 'Written too late');
  await asha.conversation.expectStatus('Written too late', 'queued');
  await asha.page.unroute('**/rpc/get_changes');
  await asha.frame.wake();
  await expect(asha.page).toHaveURL(/\/sign_in/);
  await asha.page.getByLabel('User name').fill(asha.name.username);
  await asha.page.getByLabel('Password').fill(asha.password);
  await asha.page.getByRole('button', { name: 'Sign in' }).click();
  await expect(asha.page).toHaveURL(new RegExp(`/messages/${id}`));
  await asha.conversation.expectStatus('Written too late', 'sent');
  expect((await bikram.api.messages(id)).map((one) => one.body)).toEqual(['Written too late']);
});

test('signing out empties the outbox of this person, and of nobody else', async ({ asha, bikram, arrive, guard }) => {
  guard.allow(cutOff);
  const { id } = await asha.api.open(bikram.id);
  await asha.visit(`/messages/${id}`);
  await asha.context.route(SEND, (route) => route.abort());
  await write(asha.page, 'Confidential, never confirmed');
  await expect.poll(() => kept(asha.page)).toEqual(['Confidential, never confirmed']);

  const chitra = await arrive({}, undefined);
  const other = await chitra.api.open(bikram.id);
  await asha.holdSession(await chitra.context.cookies());
  await asha.page.goto(`/messages/${other.id}`);
  await asha.frame.hydrated();
  await write(asha.page, 'Of the next one at this desk');
  await expect.poll(() => kept(asha.page)).toHaveLength(2);
  await asha.page.goto('/settings');
  await asha.frame.hydrated();
  await asha.page.getByRole('button', { name: 'Sign out' }).click();
  await expect(asha.page).toHaveURL(/\/sign_in/);
  expect(await kept(asha.page)).toEqual(['Confidential, never confirmed']);
  expect(await asha.page.evaluate(() => JSON.stringify({ ...localStorage, ...sessionStorage }))).not.toContain('Of the next one');
});

test('two tabs that keep the same message send it once, and neither keeps it', async ({ asha, bikram, guard }) => {
  guard.allow(cutOff);
  guard.allow(status(503));
  const { id } = await asha.api.open(bikram.id);
  await asha.visit(`/messages/${id}`);
  await asha.context.route(SEND, (route) => route.abort());
  await write(asha.page, 'In both tabs');
  await asha.conversation.expectStatus('In both tabs', 'unconfirmed');
  await expect.poll(() => kept(asha.page)).toEqual(['In both tabs']);
  const other = new ConversationPage(await asha.newTab(`/messages/${id}`));
  await other.expectStatus('In both tabs', 'unconfirmed');
  await asha.context.unroute(SEND);
  for (const tab of [asha.conversation, other]) {
    await tab.expectStatus('In both tabs', 'sent');
    await expect(tab.bubbles).toHaveCount(1);
  }
  await expect.poll(() => kept(asha.page)).toEqual([]);
  expect(await bikram.api.messages(id)).toHaveLength(1);

  // thrown away in one, it is not sent by the other
  await asha.context.route(SEND, unavailable);
  await write(asha.page, 'Later', 'Thrown away');
  await asha.conversation.expectStatus('Later', 'failed');
  await expect.poll(() => kept(asha.page)).toEqual(['Later', 'Thrown away']);
  await other.page.reload();
  await other.expectStatus('Later', 'failed');
  await other.expectStatus('Thrown away', 'queued');
  await asha.conversation.bubble('Thrown away').getByRole('button', { name: 'Delete' }).click();
  await expect.poll(() => kept(asha.page)).toEqual(['Later']);
  await asha.context.unroute(SEND);
  await other.bubble('Later').getByRole('button', { name: 'Retry' }).click();
  await expect(other.bubble('Thrown away')).toHaveCount(0);
  await other.write('The last one');
  expect((await bikram.api.messages(id)).map((one) => one.body)).toEqual(['In both tabs', 'Later', 'The last one']);
});

test('written from the middle of the history, a message that cannot go out is in sight, and said from further up', async ({ asha, bikram, guard }) => {
  guard.allow(cutOff);
  guard.allow(status(503));
  const { id } = await asha.api.open(bikram.id);
  const { address, database } = site();
  await writeHistory(address, database, id, [asha.id, bikram.id], 400);
  await asha.page.route('**/rpc/get_messages', (route) => route.abort());
  await asha.visit(`/messages/${id}?around=100`);
  await asha.page.route(SEND, unavailable);
  await write(asha.page, 'From the middle');
  await asha.conversation.expectStatus('From the middle', 'failed');
  await expect(asha.conversation.bubble('From the middle')).toBeInViewport();
  await asha.conversation.seq(90).scrollIntoViewIfNeeded();
  await expect(asha.conversation.bubble('From the middle')).not.toBeInViewport();
  await expect(asha.conversation.composer.getByText('Not sent: 1 message')).toBeVisible();
  await asha.page.unroute('**/rpc/get_messages');
  await asha.page.unroute(SEND);
  await asha.conversation.bubble('From the middle').getByRole('button', { name: 'Retry' }).click();
  await expect.poll(async () => (await bikram.api.messages(id, 'limit=1')).map((one) => one.body)).toEqual(['From the middle']);
  await expect(asha.conversation.composer.getByText(/Not sent/)).toHaveCount(0);
});
