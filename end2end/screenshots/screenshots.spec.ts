// Pictures of the demo organisation as asha sees it, in docs/screenshots.
import { type BrowserContextOptions, expect, type Page, test as base } from '@playwright/test';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { createDatabase, dropDatabase, parseAddress } from '../fixtures/postgres.ts';
import { command, makeFolder, Server } from '../fixtures/program.ts';

const folder = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../../docs/screenshots');

const test = base.extend<object, { demo: string }>({
  demo: [async ({}, use) => {
    const place = { address: parseAddress(process.env.DATABASE_URL ?? ''), database: `demo_${process.pid}`, folder: await makeFolder() };
    await createDatabase(place.address, place.database);
    await command(place, ['migrate']);
    await command(place, ['demo', 'seed']);
    const server = await Server.start(place);
    await use(server.url);
    await server.stop();
    await dropDatabase(place.address, place.database);
  }, { scope: 'worker' }],
});

const desk: BrowserContextOptions = { viewport: { width: 1280, height: 800 } };
const phone: BrowserContextOptions = { viewport: { width: 390, height: 844 }, deviceScaleFactor: 1.5, isMobile: true, hasTouch: true };

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
