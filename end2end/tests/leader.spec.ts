// One tab of a browser listens to the stream for all of them; when it goes, sleeps or stops, another one does.
import type { CDPSession, Page } from '@playwright/test';
import type { Person } from '../fixtures/person.ts';
import { cutOff } from '../fixtures/guard.ts';
import { OwnStream } from '../fixtures/own_stream.ts';
import { Streams } from '../fixtures/streams.ts';
import { expect, test } from '../fixtures/test.ts';
import { ConversationPage } from '../pages/conversation.ts';
import { Frame } from '../pages/frame.ts';

type Tabs = { id: string; tab: Page; first: Streams; second: Streams };

/** Two tabs with the same conversation; the first one leads. */
async function twoTabs(asha: Person, bikram: Person): Promise<Tabs> {
  const { id } = await asha.api.open(bikram.id);
  await asha.api.send(id, 'The first one');
  const first = new Streams(bikram.page);
  await bikram.visit(`/messages/${id}`);
  await expect.poll(() => first.open).toBe(1);
  const tab = await bikram.context.newPage();
  const second = new Streams(tab);
  await tab.goto(`/messages/${id}`);
  await new Frame(tab).hydrated();
  return { id, tab, first, second };
}

/** A page that stands still: no script runs and no event is heard until it goes on. Playwright keeps its pages from being frozen. */
async function stop(page: Page): Promise<{ goOn: () => Promise<void> }> {
  const session: CDPSession = await page.context().newCDPSession(page);
  await session.send('Debugger.enable');
  const paused = new Promise((resolve) => session.once('Debugger.paused', resolve));
  await session.send('Debugger.pause');
  await paused;
  return { goOn: () => session.send('Debugger.disable').then(() => undefined) };
}

const say = (page: Page, event: 'freeze' | 'resume'): Promise<unknown> => page.evaluate((name) => document.dispatchEvent(new Event(name)), event);

/** The milliseconds until it is so. */
async function until(what: () => boolean): Promise<number> {
  const begun = Date.now();
  await expect.poll(what, { intervals: [50], timeout: 15_000 }).toBe(true);
  return Date.now() - begun;
}

const told = (what: string, milliseconds: number): void =>
  void test.info().annotations.push({ type: what, description: `${milliseconds} ms` });

test('both tabs hear at once what happens, over one stream', async ({ asha, bikram }) => {
  const { id, tab, first, second } = await twoTabs(asha, bikram);
  await asha.api.send(id, 'For both tabs');
  for (const page of [bikram.page, tab]) await expect(new ConversationPage(page).bubble('For both tabs')).toBeVisible();
  expect([first.open, second.opened]).toEqual([1, 0]);
});

test('a leader that is closed is replaced', async ({ asha, bikram }) => {
  const { id, tab, second } = await twoTabs(asha, bikram);
  await bikram.page.close();
  told('closed', await until(() => second.open === 1));
  await asha.api.send(id, 'After the first tab');
  await expect(new ConversationPage(tab).bubble('After the first tab')).toBeVisible();
});

test('a leader that the browser freezes hands over, and wakes as one of the others', async ({ asha, bikram }) => {
  const { id, tab, first, second } = await twoTabs(asha, bikram);
  await say(bikram.page, 'freeze');
  const { goOn } = await stop(bikram.page);
  told('frozen', await until(() => second.open === 1));
  expect(first.open).toBe(0);
  await asha.api.send(id, 'While the first one sleeps');
  await expect(new ConversationPage(tab).bubble('While the first one sleeps')).toBeVisible();
  await goOn();
  await say(bikram.page, 'resume');
  await expect(bikram.conversation.bubble('While the first one sleeps')).toBeVisible();
  expect([first.opened, first.open, second.open]).toEqual([1, 0, 1]);
});

test('a leader that stops without a word is replaced within seconds, and closes its stream when it goes on', async ({ asha, bikram }) => {
  const { id, tab, first, second } = await twoTabs(asha, bikram);
  const { goOn } = await stop(bikram.page);
  const milliseconds = await until(() => second.open === 1);
  told('stopped', milliseconds);
  expect(milliseconds).toBeLessThan(10_000);
  await asha.api.send(id, 'While the first one stands still');
  await expect(new ConversationPage(tab).bubble('While the first one stands still')).toBeVisible();
  await goOn();
  await expect(bikram.conversation.bubble('While the first one stands still')).toBeVisible();
  await until(() => first.open === 0);
  expect([first.opened, second.open]).toEqual([1, 1]);
  // it waits for its turn again
  await tab.close();
  await until(() => first.open === 1);
});

test('beside a healthy stream a page hardly asks', async ({ asha, arrive }) => {
  const bikram = await arrive({ focused: false });
  const { id } = await asha.api.open(bikram.id);
  await asha.api.send(id, 'The first one');
  const streams = new Streams(bikram.page);
  await bikram.page.clock.install();
  await bikram.visit(`/messages/${id}`);
  await expect.poll(() => streams.open).toBe(1);
  await asha.api.send(id, 'The stream speaks');
  await expect(bikram.conversation.bubble('The stream speaks')).toBeVisible();
  await expect.poll(async () => (await asha.api.messages(id))[1].status).toBe('delivered');
  await bikram.frame.polls(2);

  let asked = 0;
  bikram.page.on('request', (one) => void (asked += Number(one.url().endsWith('/rpc/get_changes'))));
  // unheard it would have asked twice; the page's clock runs ahead of the server's, which beats every five seconds
  await bikram.page.clock.runFor(6_000);
  expect(asked).toBeLessThanOrEqual(1);
});

test('a stream that falls silent is not believed for long: the page asks beside it, and opens another', async ({ asha, arrive, guard }) => {
  // the page asks for the stream again when the test takes it away at the end
  guard.allow(cutOff);
  const bikram = await arrive({ focused: false });
  const { id } = await asha.api.open(bikram.id);
  await asha.api.send(id, 'The first one');
  const [streams, own] = [new Streams(bikram.page), await OwnStream.of(bikram.page)];
  await bikram.page.clock.install();
  await bikram.visit(`/messages/${id}`);
  await expect.poll(() => streams.open).toBe(1);
  await bikram.frame.polls(2);

  let asked = 0;
  bikram.page.on('request', (one) => void (asked += Number(one.url().endsWith('/rpc/get_changes'))));
  // from here on only the test moves the page's clock
  await bikram.page.clock.pauseAt((await bikram.page.evaluate(() => Date.now())) + 1_000);
  const time = (): Promise<number> => bikram.page.evaluate(() => performance.now());
  const spoken = await time();
  own.beat();
  await expect.poll(async () => {
    await bikram.page.clock.runFor(250);
    return asked;
  }, { timeout: 60_000, intervals: [20] }).toBeGreaterThan(0);
  // no beat for 7 s, seen within a second, and asked about within another; the runner hears of it a step or two later
  expect((await time()) - spoken).toBeLessThan(10_000);
  for (let seen = 0; seen < 2; seen += 1) await bikram.frame.pollAfter(3_100);
  expect(streams.opened).toBe(1);
  await expect.poll(async () => {
    await bikram.page.clock.runFor(250);
    return [streams.opened, streams.open];
  }, { timeout: 60_000, intervals: [20] }).toEqual([2, 1]);
  await own.close();
});
