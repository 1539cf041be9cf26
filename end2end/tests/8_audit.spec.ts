import { auditEntries, cms } from '../fixtures/site.ts';
import { expect, test } from '../fixtures/test.ts';

test('8. Audit logs and timestamps are maintained', async ({ asha, bikram }) => {
  const begun = new Date();
  await asha.visit('/messages');
  const dialog = await asha.inbox.startNew();
  await dialog.field.fill(bikram.displayName);
  await dialog.option(bikram.displayName).click();
  await expect(asha.conversation.title).toHaveText(bikram.displayName);
  const { id } = await asha.api.open(bikram.id);
  const text = 'The crane is yours from 13:45, in writing.';
  await asha.conversation.write(text);
  await bikram.visit('/messages');
  await asha.conversation.expectStatus(text, 'delivered');
  await bikram.inbox.open(asha.displayName);
  await asha.conversation.expectStatus(text, 'read');
  const [message] = await asha.api.messages(id);

  const exported = await cms(['audit', 'export']);
  const entries = auditEntries(exported);

  await test.step('one entry for each change, with who, what, where and when', async () => {
    const here = entries.filter((entry) => entry.conversation_id === id);
    expect(here.map((entry) => [entry.action, entry.actor_id])).toEqual([
      ['conversation.created', asha.id],
      ['message.sent', asha.id],
      ['message.delivered', bikram.id],
      ['message.read', bikram.id],
    ]);
    expect(here[0].object).toBe(bikram.id);
    expect(here[1].object).toBe('1');
    expect(here[1].details).toMatchObject({ recipient_id: bikram.id });
    expect(here[1].details.digest).toMatch(/^[0-9a-f]{64}$/);
    expect(here.slice(1).map((entry) => Date.parse(entry.at))).toEqual([message.sent_at, message.delivered_at, message.read_at].map((one) => Date.parse(one ?? '')));
    const times = here.map((entry) => Date.parse(entry.at));
    expect([...times].sort((a, b) => a - b)).toEqual(times);
    expect(times[0]).toBeGreaterThan(begun.getTime() - 1_000);
  });

  await test.step('signing in and being created are entries too', async () => {
    const actions = entries.filter((entry) => entry.actor_id === asha.id || entry.object === asha.id).map((entry) => entry.action);
    expect(actions).toEqual(expect.arrayContaining(['user.created', 'session.created']));
  });

  await test.step('an export since a moment begins there, and holds no text of a message', async () => {
    const alone = await cms(['audit', 'export', '--since', message.sent_at]);
    expect(alone.includes('crane is yours')).toBe(false);
    const later = auditEntries(alone);
    expect(later.every((entry) => Date.parse(entry.at) >= Date.parse(message.sent_at))).toBe(true);
    expect(later.map((entry) => entry.action)).toContain('message.sent');
  });

  await test.step('the details of a message show sender, recipient and the three times', async () => {
    const shown = await asha.conversation.details(text);
    expect(shown.map((one) => one.word)).toEqual(['Sent', 'Delivered', 'Read']);
    await expect(asha.conversation.openDetails(text)).toContainText(bikram.displayName);
    await expect(asha.conversation.openDetails(text)).toContainText(asha.displayName);
  });

  await test.step('a message shows its time, in the reader’s own zone', async () => {
    const time = asha.conversation.bubble(text).locator('time.timestamp');
    await expect(time).toHaveAttribute('datetime', /Z$/);
    const local = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', timeZone: 'Asia/Kolkata' }).format(new Date(message.sent_at));
    await expect(time).toHaveText(local);
  });
});

test('signing out, a refused sign-in and an ended person are entries, without what was typed', async ({ asha, bikram, arrive }) => {
  const visitor = await arrive({ signedIn: false });
  const typed = 'Not-The-Password-77';
  expect((await visitor.api.fetch('POST', '/api/v1/session', { username: asha.name.username, password: typed })).status()).toBe(401);
  expect((await visitor.api.fetch('POST', '/api/v1/session', { username: asha.name.username, password: typed })).status()).toBe(401);
  expect((await asha.api.fetch('DELETE', '/api/v1/session')).status()).toBe(204);
  await cms(['user', 'deactivate', bikram.name.username]);
  const exported = await cms(['audit', 'export']);
  const entries = auditEntries(exported);
  const about = (id: string): string[] => entries.filter((entry) => [entry.actor_id, entry.object].includes(id)).map((entry) => entry.action);
  expect(about(asha.id).filter((action) => action === 'session.ended')).toHaveLength(1);
  expect(about(bikram.id)).toContain('user.deactivated');
  const refused = entries.filter((entry) => entry.action === 'session.refused' && JSON.stringify(entry).includes(asha.id));
  expect(refused.length).toBeGreaterThanOrEqual(1);
  expect(refused.length).toBeLessThanOrEqual(2);
  expect(exported).not.toContain(typed);
});
