// What people write, are called and look for stays text: in what the server renders, in what the browser makes of it, in
// the screens of admins. The guard fails a test on any report of the content security policy.
import type { Page } from '@playwright/test';
import { clientId } from '../fixtures/api.ts';
import { expectInert, expectIsolated, expectShown, hostileNames, hostileTexts } from '../fixtures/corpus.ts';
import { status } from '../fixtures/guard.ts';
import { type Name, password } from '../fixtures/names.ts';
import type { Person } from '../fixtures/person.ts';
import { setPresence, shownNotifications } from '../fixtures/stage.ts';
import { cms } from '../fixtures/site.ts';
import { expect, test } from '../fixtures/test.ts';

/** Somebody with this name and department, whom no other test has. */
async function hire(username: string, displayName: string, department: string): Promise<Name> {
  await cms(['user', 'create', '--username', username, '--name', displayName, '--department', department], `${password}\n`);
  return { username, displayName, department };
}

const ask = (path: string, fields: Record<string, string>): string => `${path}?${new URLSearchParams(fields)}`;

/** No dialog opens, and the page is what it was asked for. */
async function look(page: Page, path: string): Promise<void> {
  page.removeAllListeners('dialog');
  page.on('dialog', (dialog) => {
    throw new Error(`${path} opened a dialog: ${dialog.message()}`);
  });
  await page.goto(path);
  await expectInert(page, path);
}

for (const [mode, javaScriptEnabled] of [['rendered by the server', false], ['hydrated', true]] as const) {
  test(`names, texts and searches are nothing but text: ${mode}`, async ({ arrive, guard }) => {
    test.slow();
    guard.allow(status(401));
    guard.allow(status(404));
    guard.allow(status(422));
    const tag = javaScriptEnabled ? 'hydrated' : 'rendered';
    const viewer = await arrive({ javaScriptEnabled });
    const page = viewer.page;
    const settle = (): Promise<void> => (javaScriptEnabled ? viewer.frame.hydrated() : Promise.resolve());
    const writers: Person[] = [];
    for (const [index, name] of hostileNames.entries()) writers.push(await arrive({}, await hire(`${tag}.evil.${index}`, name, `Dept ${name}`)));

    await test.step('names and texts', async () => {
      for (const [index, writer] of writers.entries()) {
        const { id } = await writer.api.open(viewer.id);
        const texts = hostileTexts.filter((_, place) => place % writers.length === index);
        await writer.api.sendMany(id, texts);
        await look(page, `/messages/${id}`);
        await settle();
        await expectInert(page, writer.displayName);
        for (const text of [...texts, writer.displayName]) await expectShown(page, text, `${writer.displayName}: ${text}`);
        // the last one stands in the row of the list, too
        await expect(viewer.inbox.rows.first()).toContainText(texts.at(-1)?.slice(0, 20) ?? '');
        await look(page, '/settings');
      }
      await look(page, '/messages');
      await settle();
      for (const writer of writers) await expectShown(page, writer.displayName, 'the inbox');
      await expectInert(page, 'the inbox');
    });

    await test.step('searches', async () => {
      for (const text of hostileTexts) {
        const q = text.slice(0, 70);
        for (const path of [ask('/messages', { q, around: q, cursor: q }), ask('/messages/new', { q }), ask('/messages', { q })]) {
          await look(page, path);
          await settle();
          await expectInert(page, path);
        }
        await expectShown(page, q, q);
        await look(page, `/messages/${encodeURIComponent(text)}`);
        await look(page, `/${encodeURIComponent(text)}`);
      }
      await look(page, ask('/messages/new', { q: `${tag}.evil` }));
      for (const writer of writers) await expectShown(page, writer.displayName, 'the search for people');
    });

    await test.step('at the door', async () => {
      await viewer.holdSession();
      for (const text of hostileTexts.slice(0, 8)) {
        await look(page, ask('/sign_in', { next: text, password: text }));
        await page.getByLabel('User name').fill(text);
        await page.getByLabel('Password').fill(text);
        await page.getByRole('button', { name: 'Sign in' }).click();
        await expect(page.getByText('User name and password do not match.')).toBeVisible();
        await expectInert(page, `refused: ${text}`);
        await expectShown(page, text, text);
        expect(new URL(page.url()).origin).toBe(viewer.url);
      }
      const [writer] = writers;
      const link = (await cms(['user', 'link', writer.name.username])).match(/\/password\/\S+/)?.[0] ?? '';
      await look(page, link);
      await expectShown(page, writer.displayName, 'the page of a link');
    });
  });
}

test('what comes in while a page is open stays text: bubbles, rows, toasts, notifications', async ({ arrive }) => {
  const viewer = await arrive({ permission: 'granted' });
  const [name] = hostileNames;
  const [writer, friend] = [await arrive({}, await hire('live.evil', name, 'Yard')), await arrive()];
  const [fromWriter, fromFriend] = [await writer.api.open(viewer.id), await friend.api.open(viewer.id)];
  await friend.api.send(fromFriend.id, 'Good morning');
  await viewer.visit(`/messages/${fromFriend.id}`);
  for (const text of hostileTexts) {
    await writer.api.send(fromWriter.id, text);
    await friend.api.send(fromFriend.id, text);
    await expect(viewer.conversation.bubbles.last().locator('.message_bubble-text')).toHaveText(text.replace(/\s+/g, ' ').trim());
  }
  await expect(viewer.frame.toast).toContainText(name);
  await expectInert(viewer.page, 'a toast');
  await setPresence(viewer.page, { visible: false, focused: false });
  await writer.api.send(fromWriter.id, 'While nobody looks');
  await expect.poll(() => shownNotifications(viewer.page)).not.toEqual([]);
  for (const one of await shownNotifications(viewer.page)) expect(JSON.stringify(one)).not.toContain('While nobody looks');
  await setPresence(viewer.page, { visible: true, focused: true });

  const dialog = await viewer.inbox.startNew();
  for (const text of [name, ...hostileTexts.slice(0, 6)]) {
    await dialog.field.fill(text.slice(0, 70));
    await expect(dialog.count).toContainText(/for “|Nobody matches/);
    await expectInert(viewer.page, text);
  }
  await dialog.field.fill('live.evil');
  await expect(dialog.options.first()).toContainText(name);
  await expectInert(viewer.page, 'the search for people');
});

test('the screens of admins show hostile names, reasons and filters as text', async ({ arrive, guard }) => {
  guard.allow(status(422));
  guard.allow(status(404));
  // a field for a day takes no text: the browser empties it, and says so
  guard.allow(/does not conform to the required format/);
  const [reader, second] = [await arrive(), await arrive()];
  for (const admin of [reader, second]) await cms(['user', 'set-role', admin.name.username, 'admin']);
  const writer = await arrive({}, await hire('reviewed.evil', hostileNames[1], hostileNames[2]));
  const peer = await arrive({}, await hire('reviewed.peer', hostileNames[3], hostileNames[0]));
  const { id } = await writer.api.open(peer.id);
  await writer.api.sendMany(id, hostileTexts);
  const page = reader.page;
  for (const text of hostileTexts.slice(0, 12)) {
    await look(page, ask('/admin/audit', { person: text.slice(0, 70), action: text, from: text, until: text, conversation: text, cursor: text }));
    await look(page, ask('/admin/people', { q: text.slice(0, 70), department: text, role: text, state: text, cursor: text }));
    await look(page, ask('/admin/policy', { from: text, to: text, action: text }));
    await look(page, ask('/admin/reviews', { cursor: text, state: text }));
    await look(page, `/admin/reviews/${encodeURIComponent(text)}`);
  }
  await page.goto('/admin/reviews/new');
  const reason = `${hostileTexts.join('\n')} and so on`.slice(0, 1_900);
  for (const [label, value] of [['Person', hostileNames[1]], ['First day', '2020-01-01'], ['Last day', '2099-12-31'], ['Case', hostileNames[0]]]) {
    await page.getByLabel(label).fill(value);
  }
  await page.getByLabel('Kind of reason').selectOption('Complaint');
  await page.getByLabel('Reason', { exact: true }).fill(reason);
  await page.getByRole('button', { name: 'Send the request' }).click();
  await expect(page.getByRole('alert')).toBeVisible();
  await expectInert(page, 'a refused request');
  await page.getByLabel('Person').fill('reviewed.evil');
  await page.getByRole('button', { name: 'Send the request' }).click();
  await expect(page).toHaveURL(/\/admin\/reviews\/[0-9a-f-]{36}$/);
  const review = new URL(page.url()).pathname;
  await expectInert(page, 'a review');
  await expectShown(page, hostileNames[0], 'its case');
  await second.api.json('POST', `${review}/approve`, { note: hostileTexts.join(' ').slice(0, 1_900) });
  for (const path of [review, '/admin/reviews', '/admin/audit', `${review}/conversations`, `${review}/conversations/${id}`]) await look(page, path);
  for (const text of hostileTexts) await expectShown(page, text, 'the reading view');
  for (const path of ['', '/deactivate', '/sign_out']) {
    await look(page, `/admin/people/${writer.id}${path}`);
    await expectShown(page, hostileNames[1], path);
  }
  await look(page, ask('/admin/people', { q: 'reviewed.evil' }));
  await expectShown(page, hostileNames[2], 'the department in the list of people');
});

test('a name or a text that runs the other way turns nothing around it around', async ({ arrive, bikram }) => {
  const words = ['שרה כהן', 'أحمد', 'תפעול'];
  const [plain, viewer] = [await arrive({ javaScriptEnabled: false }), await arrive()];
  const writer = await arrive({}, await hire('right.to.left', `${words[0]} ${words[1]}`, words[2]));
  const admin = await arrive();
  await cms(['user', 'set-role', admin.name.username, 'admin']);
  for (const path of [ask('/admin/people', { q: 'right.to.left' }), `/admin/people/${writer.id}`]) {
    await admin.page.goto(path);
    await expectIsolated(admin.page, words, path);
  }
  for (const one of [plain, viewer]) {
    const { id } = await writer.api.open(one.id);
    await writer.api.send(id, `${words[1]} 10:30 (7)`, clientId());
    // an override in a text ends with it
    await writer.api.send(id, `\u202e${words[0]} 10:30`, clientId());
    for (const path of ['/messages', `/messages/${id}`, ask('/messages/new', { q: 'right.to.left' })]) {
      await one.page.goto(path);
      if (one === viewer) await viewer.frame.hydrated();
      await expectIsolated(one.page, words, path);
    }
  }
  const { id } = await writer.api.open(viewer.id);
  const other = await bikram.api.open(viewer.id);
  await bikram.api.send(other.id, 'Good morning');
  await viewer.visit(`/messages/${other.id}`);
  await writer.api.send(id, 'A toast');
  await expect(viewer.frame.toast).toContainText(words[0]);
  await expectIsolated(viewer.page, words, 'a toast');
});
