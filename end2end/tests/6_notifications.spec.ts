import { lines } from '../fixtures/api.ts';
import { status } from '../fixtures/guard.ts';
import { setPresence, shownNotifications } from '../fixtures/stage.ts';
import { expect, test } from '../fixtures/test.ts';

test('6. Notifications are shown for new messages', async ({ asha, bikram, chitra }) => {
  const fromAsha = await asha.api.open(bikram.id);
  const fromChitra = await chitra.api.open(bikram.id);
  await bikram.visit('/messages');

  await test.step('badge, title and a polite live region', async () => {
    await asha.api.send(fromAsha.id, 'The survey is in.');
    await bikram.frame.expectUnread(1);
    await expect(bikram.frame.live.filter({ hasText: asha.displayName })).toHaveCount(1);
  });

  await test.step('a toast when another conversation is open; it takes no focus and leads there', async () => {
    await bikram.inbox.open(asha.displayName);
    await bikram.conversation.field.focus();
    await chitra.api.send(fromChitra.id, 'Invoice TP-2291 is short.');
    await expect(bikram.frame.toast).toContainText(chitra.displayName);
    await expect(bikram.frame.badge).toHaveText(/^1\b/);
    await expect(bikram.conversation.field).toBeFocused();
    await bikram.frame.toast.getByRole('link').click();
    await expect(bikram.conversation.title).toHaveText(chitra.displayName);
    await expect(bikram.frame.toast).toHaveCount(0);
  });

  await test.step('nothing for what is open before one’s eyes, nothing for one’s own', async () => {
    await bikram.frame.expectUnread(0);
    await chitra.api.send(fromChitra.id, 'By 18,400.');
    await expect(bikram.conversation.bubble('By 18,400.')).toBeVisible();
    await bikram.api.send(fromAsha.id, 'From my other device.');
    await expect(bikram.inbox.row(asha.displayName)).toContainText('From my other device.');
    await expect(bikram.frame.toast).toHaveCount(0);
    await bikram.frame.expectUnread(0);
  });
});

test('the same words are said again, and what has a toast is said too', async ({ asha, bikram, guard }) => {
  const { id } = await asha.api.open(bikram.id);
  await bikram.visit('/messages');
  // what a screen reader hears: what is put into the region
  await bikram.frame.announcer.evaluate((region) => {
    new MutationObserver((all) => {
      for (const { addedNodes } of all) for (const one of addedNodes) if (one instanceof Element) region.setAttribute('data-heard', `${region.getAttribute('data-heard') ?? ''}${one.textContent}|`);
    }).observe(region, { childList: true });
  });
  const words = `New message from ${asha.displayName}|`;
  for (const count of [1, 2]) {
    await asha.api.send(id, `Number ${count}`);
    await expect(bikram.frame.announcer).toHaveAttribute('data-heard', words.repeat(count));
    await bikram.api.read(id, count);
    await bikram.frame.expectUnread(0);
  }

  guard.allow(status(503));
  await asha.api.sendMany(id, lines(60));
  await bikram.frame.expectUnread(60);
  await bikram.page.route('**/rpc/get_messages', (route) => (route.request().postDataJSON().at === 'newest' ? route.fulfill({
    status: 503, contentType: 'application/json', body: JSON.stringify({ code: 'unavailable', detail: 'The messages cannot be reached right now.' }),
  }) : route.continue()));
  await bikram.inbox.open(asha.displayName);
  await bikram.conversation.jump.click();
  await expect(bikram.frame.toast).toContainText('The messages cannot be reached right now.');
  await expect(bikram.frame.announcer).toHaveText('The messages cannot be reached right now.');
});

test('a desktop notification when the page is hidden, once allowed, on a click only', async ({ asha, arrive }) => {
  const bikram = await arrive({ permission: 'default' });
  const { id } = await asha.api.open(bikram.id);
  await bikram.page.clock.install();
  await bikram.visit('/settings');
  expect(await bikram.page.evaluate(() => window.stage.asked), 'asked on load').toBe(0);
  await bikram.page.getByLabel('Show notifications').or(bikram.page.getByRole('button', { name: /notifications/i })).first().click();
  await expect.poll(() => bikram.page.evaluate(() => window.stage.asked)).toBe(1);
  await bikram.visit('/messages');

  await test.step('hidden: one notification that says who, and leads there', async () => {
    await setPresence(bikram.page, { visible: false });
    await asha.api.send(id, 'The surveyor is here.');
    await bikram.frame.pollAfter(31_000);
    await expect.poll(() => shownNotifications(bikram.page)).toHaveLength(1);
    const [one] = await shownNotifications(bikram.page);
    expect(`${one.title} ${one.body}`).toContain(asha.displayName);
    // another takes its place, and nothing of the first is kept
    await asha.api.send(id, 'He waits at the gate.');
    await bikram.frame.pollAfter(31_000);
    await expect.poll(async () => (await shownNotifications(bikram.page)).map(({ listens }) => listens)).toEqual([false, true]);
    await bikram.page.evaluate(() => window.stage.click(1));
    await setPresence(bikram.page, { visible: true });
    await expect(bikram.conversation.title).toHaveText(asha.displayName);
  });

  await test.step('visible: none', async () => {
    await bikram.page.clock.runFor(1_000);
    await asha.api.send(id, 'He has left.');
    await bikram.frame.pollAfter(31_000);
    await expect(bikram.conversation.bubble('He has left.')).toBeVisible();
    expect(await shownNotifications(bikram.page)).toHaveLength(2);
  });
});

test('who has not allowed it sees none, and is not asked', async ({ asha, arrive }) => {
  const bikram = await arrive({ permission: 'default' });
  const { id } = await asha.api.open(bikram.id);
  await bikram.page.clock.install();
  await bikram.visit('/messages');
  await setPresence(bikram.page, { visible: false });
  await asha.api.send(id, 'The surveyor is here.');
  await bikram.frame.pollAfter(31_000);
  await bikram.frame.expectUnread(1);
  expect(await shownNotifications(bikram.page)).toHaveLength(0);
  expect(await bikram.page.evaluate(() => window.stage.asked)).toBe(0);
});
