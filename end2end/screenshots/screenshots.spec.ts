// Pictures of the demo organisation as asha sees it, in docs/screenshots.
import type { BrowserContextOptions, Page } from '@playwright/test';
import path from 'node:path';
import { desk, expect, folder, phone, test } from './demo.ts';

const pictures: [string, BrowserContextOptions, (page: Page) => Promise<void>][] = [
  ['inbox_wide', desk, async (page) => page.locator('.conversation_row[data-unread] .conversation_row-link').first().click()],
  ['inbox_phone', phone, async () => undefined],
  ['inbox_dark', { ...desk, colorScheme: 'dark' }, async (page) => page.locator('.conversation_row-link').nth(1).click()],
  ['conversation', phone, async (page) => page.locator('.conversation_row-link').nth(2).click()],
  ['new_message', desk, async (page) => {
    await page.getByRole('link', { name: /New message/ }).first().click();
    await page.getByRole('combobox').fill('me');
    await expect(page.getByRole('option').first()).toBeVisible();
  }],
];

for (const [name, options, prepare] of pictures) {
  test(name, async ({ browser, demo }) => {
    const context = await browser.newContext({ baseURL: demo, locale: 'en-GB', timezoneId: 'Asia/Kolkata', ...options });
    const signedIn = await context.request.post('/api/v1/session', { data: { username: 'asha', password: 'demo-password' } });
    expect(signedIn.ok()).toBe(true);
    const page = await context.newPage();
    await page.goto('/messages');
    await expect(page.locator('html[data-hydrated]')).toBeAttached();
    await prepare(page);
    if (name !== 'inbox_phone' && name !== 'new_message') await expect(page.locator('.message_bubble').first()).toBeAttached();
    await page.evaluate(() => document.fonts.ready);
    await page.screenshot({ path: path.join(folder, `${name}.png`), animations: 'disabled', caret: 'hide' });
    await context.close();
  });
}

test('sign_in', async ({ browser, demo }) => {
  const page = await browser.newPage({ baseURL: demo, ...desk });
  await page.goto('/sign_in');
  await expect(page.locator('html[data-hydrated]')).toBeAttached();
  await page.screenshot({ path: path.join(folder, 'sign_in.png'), animations: 'disabled', caret: 'hide' });
});
