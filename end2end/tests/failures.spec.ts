// What happens to a message when the way to the server, or the way back, is broken.
import { lines } from '../fixtures/api.ts';
import { unavailable } from '../fixtures/faults.ts';
import { cutOff, status } from '../fixtures/guard.ts';
import { expect, test } from '../fixtures/test.ts';

const text = 'Please hold berth 4\nuntil 17:30.';

test('a message that could not be sent says so, stays, and goes out on retry', async ({ asha, bikram, guard }) => {
  guard.allow(status(503));
  const { id } = await asha.api.open(bikram.id);
  await asha.visit(`/messages/${id}`);
  await asha.page.route('**/rpc/send_message', unavailable);
  await asha.conversation.field.fill(text);
  await asha.conversation.field.press('Enter');
  const bubble = asha.conversation.bubble(text);
  await asha.conversation.expectStatus(text, 'failed');
  await expect(bubble.getByRole('alert')).toContainText('cannot be reached');
  expect(await asha.api.messages(id)).toHaveLength(0);
  await asha.page.unroute('**/rpc/send_message');
  await bubble.getByRole('button', { name: 'Retry' }).click();
  await asha.conversation.expectStatus(text, 'sent');
  await expect(bubble).toHaveCount(1);
  expect((await bikram.api.messages(id)).map((one) => one.body)).toEqual([text]);
});

test('an answer that was lost makes no duplicate: the message was written, the retry finds it', async ({ asha, bikram, guard }) => {
  guard.allow(cutOff);
  const { id } = await asha.api.open(bikram.id);
  await asha.visit(`/messages/${id}`);
  const keys = new Set<string>();
  let tries = 0;
  await asha.page.route('**/rpc/send_message', async (route) => {
    keys.add(route.request().postDataJSON().client_id);
    tries += 1;
    if (tries > 1) return route.continue();
    await route.fetch();
    await route.abort('connectionreset');
  });
  await asha.conversation.field.fill(text);
  await asha.conversation.field.press('Enter');
  // By itself: with the same key it ends as one message.
  await asha.conversation.expectStatus(text, 'sent');
  await asha.frame.polls(1);
  await expect(asha.conversation.bubbles).toHaveCount(1);
  expect(keys.size).toBe(1);
  expect(await bikram.api.messages(id)).toHaveLength(1);
});

test('a message that failed can be thrown away', async ({ asha, bikram, guard }) => {
  guard.allow(status(503));
  const { id } = await asha.api.open(bikram.id);
  await asha.visit(`/messages/${id}`);
  await asha.page.route('**/rpc/send_message', unavailable);
  await asha.conversation.field.fill(text);
  await asha.conversation.field.press('Enter');
  await asha.conversation.expectStatus(text, 'failed');
  await asha.conversation.bubble(text).getByRole('button', { name: 'Delete' }).click();
  await expect(asha.conversation.bubbles).toHaveCount(0);
  expect(await asha.api.messages(id)).toHaveLength(0);
});

test('without a connection the page says so, and catches up by itself', async ({ asha, bikram, guard }) => {
  guard.allow(cutOff);
  const { id } = await bikram.api.open(asha.id);
  await asha.api.open(bikram.id);
  await bikram.visit(`/messages/${id}`);
  const state = bikram.page.locator('.connection_state');
  await expect(state).toHaveAttribute('data-state', 'live');
  await bikram.context.setOffline(true);
  await expect(state).toHaveAttribute('data-state', 'offline');
  // its sign does not have to be fetched
  await expect(state.locator('svg path')).toBeVisible();
  await asha.api.send(id, 'Written while you were away');
  await bikram.context.setOffline(false);
  await expect(bikram.conversation.bubble('Written while you were away')).toBeVisible();
  await expect(state).toHaveAttribute('data-state', 'live');
});

test('an answer that was on its way when the network went does not make the page up to date', async ({ asha, guard }) => {
  guard.allow(cutOff);
  await asha.visit('/messages');
  let answer = (): void => undefined;
  const held = new Promise<void>((resolve) => (answer = resolve));
  await asha.page.route('**/rpc/get_changes', async (route) => {
    const response = await route.fetch();
    await held;
    await route.fulfill({ response }).catch(() => undefined);
  });
  const polled = asha.frame.polls(1);
  await asha.page.waitForRequest('**/rpc/get_changes');
  const state = asha.page.locator('.connection_state');
  await asha.context.setOffline(true);
  await expect(state).toHaveAttribute('data-state', 'offline');
  answer();
  await polled;
  await asha.page.evaluate(() => new Promise((resolve) => setTimeout(resolve)));
  await expect(state).toHaveAttribute('data-state', 'offline');
  await asha.context.setOffline(false);
  await expect(state).toHaveText('Up to date');
});

test('a server that fails for a while is asked again, and the page keeps what it has', async ({ asha, bikram, guard }) => {
  guard.allow(status(503));
  const { id } = await asha.api.open(bikram.id);
  await asha.api.send(id, 'Before the trouble');
  await bikram.visit(`/messages/${id}`);
  await bikram.page.route('**/rpc/get_changes', (route) => route.fulfill({
    status: 503, contentType: 'application/json', body: JSON.stringify({ code: 'unavailable', detail: 'Not now.' }),
  }));
  await asha.api.send(id, 'During the trouble');
  await bikram.frame.polls(1);
  await expect(bikram.conversation.bubble('Before the trouble')).toBeVisible();
  await bikram.page.unroute('**/rpc/get_changes');
  await expect(bikram.conversation.bubble('During the trouble')).toBeVisible({ timeout: 30_000 });
});

test('a page of the history that does not come is asked for once, and again by whoever wants it', async ({ asha, bikram, guard }) => {
  guard.allow(status(503));
  const { id } = await asha.api.open(bikram.id);
  await asha.api.sendMany(id, lines(150));
  await asha.visit(`/messages/${id}`);
  let asked = 0;
  await asha.page.route('**/rpc/get_messages', async (route) => {
    asked += 1;
    await unavailable(route);
  });
  await asha.conversation.bubbles.first().scrollIntoViewIfNeeded();
  await expect(asha.conversation.log.getByRole('alert')).toContainText('cannot be reached');
  await asha.frame.polls(3);
  expect(asked).toBe(1);
  await asha.page.unroute('**/rpc/get_messages');
  await asha.conversation.log.getByRole('link', { name: 'Earlier messages' }).click();
  await expect(asha.conversation.log.getByRole('alert')).toHaveCount(0);
  await expect(asha.conversation.seq(51)).toBeAttached();
});

test('a change of the policy that cannot be read keeps no message away', async ({ asha, bikram, guard }) => {
  guard.allow(status(503));
  const { id } = await asha.api.open(bikram.id);
  await asha.api.send(id, 'Before the change');
  await asha.visit(`/messages/${id}`);
  await asha.page.route('**/rpc/get_conversations', unavailable);
  await asha.page.route('**/rpc/get_changes', async (route) => {
    const response = await route.fetch();
    const json = await response.json();
    await route.fulfill({ response, json: { ...json, policy_version: json.policy_version + 1 } });
  });
  await bikram.api.send(id, 'After the change');
  await expect(asha.conversation.bubble('After the change')).toBeVisible();
});
