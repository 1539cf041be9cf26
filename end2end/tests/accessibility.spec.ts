// axe-core, every screen, light and dark: no violation.
import { lines } from '../fixtures/api.ts';
import { expectAccessible } from '../fixtures/axe.ts';
import { cutOff, status } from '../fixtures/guard.ts';
import type { Person } from '../fixtures/person.ts';
import { cms } from '../fixtures/site.ts';
import { expect, test } from '../fixtures/test.ts';

for (const colorScheme of ['light', 'dark'] as const) {
  test(`axe finds nothing on the screens of a visitor, ${colorScheme}`, async ({ arrive, guard }) => {
    guard.allow(status(401));
    guard.allow(status(404));
    const visitor = await arrive({ colorScheme, signedIn: false });
    const { page } = visitor;
    await visitor.visit('/sign_in');
    await expectAccessible(page, 'sign-in');
    await page.getByLabel('User name').fill('nobody');
    await page.getByLabel('Password').fill('wrong');
    await page.getByRole('button', { name: 'Sign in' }).click();
    await expect(page.locator('.field-error')).toBeVisible();
    await expectAccessible(page, 'sign-in, refused');
    const link = (await cms(['user', 'link', visitor.name.username])).match(/\/password\/\S+/)?.[0] ?? '';
    await visitor.visit(link);
    await expectAccessible(page, 'one-time link');
    await visitor.visit('/password/unknown');
    await expectAccessible(page, 'one-time link, unknown');
  });

  test(`axe finds nothing on the screens of messages, ${colorScheme}`, async ({ arrive, bikram, chitra, guard }) => {
    const asha: Person = await arrive({ colorScheme });
    const { page } = asha;
    await asha.visit('/messages');
    await expectAccessible(page, 'empty inbox');

    const { id } = await bikram.api.open(asha.id);
    await bikram.api.sendMany(id, lines(30));
    await asha.api.send(id, 'Thank you. See https://cms.example/plans');
    const gone = await chitra.api.open(asha.id);
    await chitra.api.send(gone.id, 'Handing over.');
    await cms(['user', 'deactivate', chitra.name.username]);
    await asha.visit('/messages');
    await expectAccessible(page, 'inbox');
    await asha.visit('/messages?q=zzqx');
    await expectAccessible(page, 'empty search');
    await asha.visit(`/messages/${id}`);
    await expectAccessible(page, 'conversation with new messages');
    await asha.conversation.jump.click();
    await asha.conversation.write('Noted.');
    await asha.conversation.details('Noted.');
    await expectAccessible(page, 'details of a message');
    await page.keyboard.press('Escape');
    await asha.visit(`/messages/${gone.id}`);
    await expectAccessible(page, 'read-only conversation');

    await asha.visit('/messages');
    const dialog = await asha.inbox.startNew();
    await expectAccessible(page, 'new message');
    await dialog.field.fill(bikram.displayName);
    await expect(dialog.option(bikram.displayName)).toBeVisible();
    await expectAccessible(page, 'new message with people');
    await dialog.field.fill('zzqx wvk');
    await expect(page.getByText(/Nobody matches/)).toBeVisible();
    await expectAccessible(page, 'new message with nobody');
    await cms(['user', 'create', '--username', `closed.${asha.name.username}`, '--name', 'Ottoline Closed', '--department', 'Internal Audit'], 'another long passphrase\n');
    await asha.visit('/messages/new?q=Ottoline');
    const closed = page.locator('.user_search[data-page] li').filter({ hasText: 'Internal Audit takes no messages.' }).first();
    await expect(closed).toBeVisible();
    await expect(closed).not.toHaveAttribute('aria-disabled');
    await expect(closed.getByRole('button')).toHaveCount(0);
    await expectAccessible(page, 'new message on its own page');
    await asha.inbox.startNew();
    await expectAccessible(page, 'new message over its own page');
    expect(await page.evaluate(() => {
      const ids = [...document.querySelectorAll('[id]')].map((one) => one.id);
      return ids.filter((id, index) => ids.indexOf(id) !== index);
    }), 'ids that stand twice').toEqual([]);
    await arrive({}, asha.name);
    await asha.visit('/settings');
    await expect(page.getByRole('button', { name: 'Sign out everywhere else' })).toBeVisible();
    await expectAccessible(page, 'settings');

    guard.allow(status(404));
    guard.allow(status(503));
    guard.allow(cutOff);
    await asha.visit('/no/such/page');
    await expectAccessible(page, 'not found');
    await asha.visit('/messages');
    await page.route(/\/rpc\/(get_messages|get_conversation)$/, (route) => route.fulfill({
      status: 503, contentType: 'application/json', body: JSON.stringify({ code: 'unavailable', detail: 'The service cannot be reached right now.' }),
    }));
    await asha.inbox.link(bikram.displayName).click();
    await expect(page.locator('.error_view')).toBeVisible();
    await expectAccessible(page, 'error');
    await page.unroute(/\/rpc\/(get_messages|get_conversation)$/);
    await page.locator('.error_view').getByRole('button', { name: 'Try again' }).click();
    await expect(asha.conversation.bubble('Noted.')).toBeVisible();
  });

  test(`axe finds nothing on a message that failed and on a phone, ${colorScheme}`, async ({ arrive, bikram, guard }) => {
    guard.allow(status(503));
    const asha = await arrive({ colorScheme, viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true });
    const { id } = await asha.api.open(bikram.id);
    await asha.visit('/messages');
    await expectAccessible(asha.page, 'inbox on a phone');
    await asha.visit(`/messages/${id}`);
    await asha.page.route('**/rpc/send_message', (route) => route.fulfill({
      status: 503, contentType: 'application/json', body: JSON.stringify({ code: 'unavailable', detail: 'The service cannot be reached right now.' }),
    }));
    await asha.conversation.field.fill('Not yet');
    await asha.conversation.send.click();
    await asha.conversation.expectStatus('Not yet', 'failed');
    await expectAccessible(asha.page, 'conversation on a phone, a message not sent');
  });
}
