// The way to the server breaks, or the server does, while two people write to each other: nothing is lost, nothing doubled,
// the order stays, and within ten seconds after the end of the fault both screens agree with the database.
import type { Person } from '../fixtures/person.ts';
import { kept } from '../fixtures/faults.ts';
import { cutOff } from '../fixtures/guard.ts';
import { OwnStream } from '../fixtures/own_stream.ts';
import { Server } from '../fixtures/program.ts';
import { site } from '../fixtures/site.ts';
import { expect, test as base } from '../fixtures/test.ts';
import { Way } from '../fixtures/way.ts';
import { ConversationPage } from '../pages/conversation.ts';

const test = base.extend<{ way: Way; instance: { server: Server } }>({
  way: async ({}, use) => {
    const way = await Way.to(site().url);
    await use(way);
    await way.close();
  },
  /** An instance of its own on the same database. */
  instance: async ({}, use) => {
    const instance = { server: await Server.start(site()) };
    await use(instance);
    await instance.server.stop();
  },
});

async function write(person: Person, ...texts: string[]): Promise<void> {
  const { field } = person.conversation;
  for (const text of texts) {
    await expect(field).toBeEditable();
    await field.fill(text);
    await field.press('Enter');
    await expect(field).toHaveValue('');
  }
}

/** What the database has, in order. */
const stored = async (person: Person, id: string): Promise<string[]> => (await person.api.messages(id)).map((one) => one.body);

/** Both screens show what the database has, and nothing is waiting. */
async function agree(people: Person[], look: Person, id: string, count: number): Promise<void> {
  await expect(async () => {
    const texts = await stored(look, id);
    expect(texts).toHaveLength(count);
    for (const { conversation } of people) {
      expect(await conversation.texts()).toEqual(texts);
      for (const status of ['sending', 'queued', 'unconfirmed', 'failed']) {
        expect(await conversation.log.locator(`.message_bubble[data-status="${status}"]`).count()).toBe(0);
      }
    }
  }).toPass({ timeout: 10_000, intervals: [100] });
}

test('the server is killed and comes back', async ({ arrive, instance, guard }) => {
  guard.allow(cutOff);
  const url = instance.server.url;
  const [asha, bikram] = [await arrive({ url }), await arrive({ url })];
  const { id } = await asha.api.open(bikram.id);
  await asha.api.send(id, 'Before');
  for (const person of [asha, bikram]) await person.visit(`/messages/${id}`);

  await instance.server.kill();
  await write(asha, 'one', 'two', 'three');
  await write(bikram, 'four', 'five');
  for (const person of [asha, bikram]) await expect(person.page.locator('.connection_state')).toHaveAttribute('data-state', 'offline', { timeout: 20_000 });
  await expect(asha.page.locator('.connection_state')).toHaveText(/^Offline since \d\d:\d\d\. 3 messages wait\./);

  instance.server = await Server.start(site(), instance.server.port);
  await agree([asha, bikram], asha, id, 6);
  const texts = await stored(asha, id);
  expect(texts.filter((text) => ['one', 'two', 'three'].includes(text))).toEqual(['one', 'two', 'three']);
  expect(texts.filter((text) => ['four', 'five'].includes(text))).toEqual(['four', 'five']);
  for (const person of [asha, bikram]) await expect(person.page.locator('.connection_state')).toHaveText('Up to date');
});

test('answers are lost on the way, after the message was stored', async ({ arrive, asha, way, guard }) => {
  guard.allow(cutOff);
  const bikram = await arrive({ url: way.url });
  const { id } = await asha.api.open(bikram.id);
  await asha.api.send(id, 'Before');
  for (const person of [asha, bikram]) await person.visit(`/messages/${id}`);
  way.become('one way');
  await write(bikram, 'one', 'two', 'three');
  await expect.poll(() => stored(asha, id)).toEqual(['Before', 'one']);
  await asha.conversation.write('From the other side');
  await bikram.conversation.expectStatus('one', 'unconfirmed');
  await bikram.conversation.expectStatus('two', 'queued');
  way.become('whole');
  await agree([asha, bikram], asha, id, 5);
  expect(await stored(asha, id)).toEqual(['Before', 'one', 'From the other side', 'two', 'three']);
});

test('the way falls silent, and what was connected never speaks again', async ({ arrive, asha, way, guard }) => {
  guard.allow(cutOff);
  const bikram = await arrive({ url: way.url });
  const { id } = await asha.api.open(bikram.id);
  await asha.api.send(id, 'Before');
  await asha.visit(`/messages/${id}`);
  await bikram.page.clock.install();
  await bikram.visit(`/messages/${id}`);
  way.become('silent');
  await asha.conversation.write('Nobody hears this');
  await write(bikram, 'one', 'two');
  const state = bikram.page.locator('.connection_state');
  await expect.poll(async () => {
    await bikram.page.clock.runFor(1_000);
    return state.getAttribute('data-state');
  }, { timeout: 60_000, intervals: [50] }).toBe('offline');
  way.become('whole');
  // ten seconds of the page's time, each tenth of which the network has some of the real one for
  let left = 100;
  await expect.poll(async () => {
    if (left > 0) await bikram.page.clock.runFor(100);
    left -= 1;
    return [await bikram.conversation.texts(), await asha.conversation.texts(), await stored(asha, id)].map((texts) => texts.join());
  }, { timeout: 30_000, intervals: [50] }).toEqual(Array(3).fill('Before,Nobody hears this,one,two'));
  expect(left).toBeGreaterThanOrEqual(0);
  await expect(state).toHaveText('Up to date');
});

test('the live stream dies without a word, and within ten seconds the screens agree all the same', async ({ asha, arrive, guard }) => {
  // the page asks for the stream again when the test takes it away at the end
  guard.allow(cutOff);
  const bikram = await arrive();
  const { id } = await asha.api.open(bikram.id);
  await asha.api.send(id, 'Before');
  const own = await OwnStream.of(bikram.page);
  for (const person of [asha, bikram]) await person.visit(`/messages/${id}`);
  await bikram.frame.polls(1);
  own.beat();
  await asha.conversation.write('Nobody says that this is here');
  await agree([asha, bikram], asha, id, 2);
  await own.close();
});

test('a tab that crashes loses nothing that was written, and doubles nothing that was sent', async ({ asha, bikram, guard }) => {
  guard.allow(cutOff);
  guard.allow(/the page crashed/);
  const { id } = await asha.api.open(bikram.id);
  await asha.visit(`/messages/${id}`);
  let arrived = (): void => undefined;
  const begun = new Promise<void>((resolve) => (arrived = resolve));
  await asha.page.route('**/rpc/send_message', async (route) => {
    await route.fetch();
    arrived();
  });
  // nor does it hear of its own message in another way
  await asha.page.route('**/rpc/get_*', (route) => route.abort());
  await write(asha, 'Stored, not confirmed', 'Only kept');
  await begun;
  await expect.poll(() => kept(asha.page)).toEqual(['Stored, not confirmed', 'Only kept']);
  const crashed = asha.page.waitForEvent('crash');
  const cdp = await asha.context.newCDPSession(asha.page);
  void cdp.send('Page.crash').catch(() => undefined);
  await crashed;
  const tab = await asha.newTab(`/messages/${id}`);
  const conversation = new ConversationPage(tab);
  for (const text of ['Stored, not confirmed', 'Only kept']) await conversation.expectStatus(text, 'sent');
  expect(await conversation.texts()).toEqual(['Stored, not confirmed', 'Only kept']);
  expect(await stored(bikram, id)).toEqual(['Stored, not confirmed', 'Only kept']);
  await expect.poll(() => kept(tab)).toEqual([]);
});
