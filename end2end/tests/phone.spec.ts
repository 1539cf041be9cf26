import type { Page } from '@playwright/test';
import { lines } from '../fixtures/api.ts';
import type { Options } from '../fixtures/person.ts';
import { expect, test } from '../fixtures/test.ts';

const phone: Options = { viewport: { width: 390, height: 844 }, deviceScaleFactor: 2, isMobile: true, hasTouch: true };

const overflow = (page: Page): Promise<number> => page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);

test('on a phone: the list, a conversation, and back', async ({ arrive, bikram, chitra }) => {
  const asha = await arrive(phone);
  const { id } = await bikram.api.open(asha.id);
  await bikram.api.sendMany(id, lines(3));
  await chitra.api.send((await chitra.api.open(asha.id)).id, 'A longwordwithoutanyspace'.repeat(6));
  await asha.visit('/messages');
  await expect(asha.conversation.title).toHaveText('Messages');
  await expect(asha.frame.menu).toBeVisible();
  expect(await overflow(asha.page)).toBe(0);

  await asha.inbox.link(bikram.displayName).tap();
  await expect(asha.conversation.title).toHaveText(bikram.displayName);
  await expect(asha.inbox.list).toBeHidden();
  await expect(asha.frame.menu).toBeHidden();
  await expect(asha.conversation.bubbles.last()).toBeInViewport();
  await expect(asha.conversation.field, 'a screen keyboard would cover what came').not.toBeFocused();
  expect(await overflow(asha.page)).toBe(0);
  await expect(asha.conversation.back.locator('.unread_badge')).toHaveText(/^1/);

  await asha.conversation.field.tap();
  await asha.conversation.field.fill('From the yard,\non the phone');
  const box = await asha.conversation.send.boundingBox();
  expect(box?.height).toBeGreaterThanOrEqual(44);
  expect(await asha.conversation.field.evaluate((one) => parseFloat(getComputedStyle(one).fontSize)), 'smaller text makes phones zoom in').toBeGreaterThanOrEqual(16);
  await asha.conversation.send.tap();
  await expect(asha.conversation.bubble('From the yard,\non the phone')).toHaveAttribute('data-status', 'sent');

  await asha.conversation.back.tap();
  await expect(asha.inbox.list).toBeVisible();
  await expect(asha.conversation.log).toBeHidden();
  await asha.inbox.link(chitra.displayName).tap();
  await expect(asha.conversation.title).toHaveText(chitra.displayName);
  expect(await overflow(asha.page)).toBe(0);
  await asha.page.goBack();
  await expect(asha.inbox.list).toBeVisible();
});

test('on a phone: a new message to a person', async ({ arrive, bikram }) => {
  const asha = await arrive(phone);
  await asha.visit('/messages');
  await asha.inbox.newMessage.tap();
  const field = asha.page.getByRole('combobox');
  await field.fill(bikram.displayName);
  await asha.page.getByRole('option').filter({ hasText: bikram.displayName }).first().tap();
  await expect(asha.conversation.title).toHaveText(bikram.displayName);
  expect(await overflow(asha.page)).toBe(0);
});
