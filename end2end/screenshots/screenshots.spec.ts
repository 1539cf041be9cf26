// Pictures of the demo organisation as asha sees it, in docs/screenshots.
import { type BrowserContextOptions, expect, type Page, test as base } from '@playwright/test';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { createDatabase, dropDatabase, parseAddress } from '../fixtures/postgres.ts';
import { command, makeFolder, type Place, Server } from '../fixtures/program.ts';

const folder = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../../docs/screenshots');

const test = base.extend<object, { place: Place; demo: string }>({
  place: [async ({}, use) => {
    const place = { address: parseAddress(process.env.DATABASE_URL ?? ''), database: `demo_${process.pid}`, folder: await makeFolder() };
    await createDatabase(place.address, place.database);
    await command(place, ['migrate']);
    await command(place, ['demo', 'seed']);
    await use(place);
    await dropDatabase(place.address, place.database);
  }, { scope: 'worker' }],
  demo: [async ({ place }, use) => {
    const server = await Server.start(place);
    await use(server.url);
    await server.stop();
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

// The administration, as meera sees it: the reading under a review that somebody else has asked for and she has agreed to
// would be theirs alone, so the second admin is made for these pictures.
test('administration', async ({ browser, demo, place }) => {
  await command(place, ['user', 'set-role', 'bikram', 'admin']);
  const signedIn = async (username: string) => {
    const context = await browser.newContext({ baseURL: demo, ...desk });
    const answer = await context.request.post('/api/v1/session', { data: { username, password: 'demo-password' } });
    expect(answer.ok()).toBe(true);
    return context;
  };
  const [meera, bikram, asha] = [await signedIn('meera'), await signedIn('bikram'), await signedIn('asha')];
  const inbox = (await (await asha.request.get('/api/v1/conversations')).json()) as { items: { id: string; last_seq: number; peer: { username: string } }[] };
  const conversation = inbox.items.find((one) => one.last_seq > 5 && !['meera', 'bikram'].includes(one.peer.username));
  const request = {
    case_id: 'TP-C-118', category: 'complaint', scope: { conversation_id: conversation?.id },
    reason: 'Complaint TP-C-118: gate passes were promised outside of the tender. Only what concerns gate passes is looked for.',
    from: '2020-01-01T00:00:00Z', until: '2100-01-01T00:00:00Z',
  };
  const ask = async () => (await (await meera.request.post('/api/v1/admin/reviews', { data: request })).json()) as { id: string };
  const review = await ask();
  const waiting = await ask();
  expect((await bikram.request.post(`/api/v1/admin/reviews/${review.id}/approve`, { data: { note: 'Agreed.' } })).ok()).toBe(true);
  const pictures: [string, typeof meera, string][] = [
    ['admin_review', meera, `/admin/reviews/${review.id}/conversations/${conversation?.id}`],
    ['admin_decision', bikram, `/admin/reviews/${waiting.id}`],
    ['admin_request', meera, '/admin/reviews/new'],
    ['admin_reviews', meera, '/admin/reviews'],
    ['admin_audit', meera, '/admin/audit'],
  ];
  for (const [name, context, path] of pictures) {
    const page = await context.newPage();
    await page.goto(path);
    await page.screenshot({ path: `${folder}/${name}.png`, animations: 'disabled', caret: 'hide' });
    await page.emulateMedia({ colorScheme: 'dark' });
    if (name === 'admin_review') await page.screenshot({ path: `${folder}/${name}_dark.png`, animations: 'disabled', caret: 'hide' });
    await page.setViewportSize(phone.viewport ?? { width: 390, height: 844 });
    await page.emulateMedia({ colorScheme: 'light' });
    if (name === 'admin_review' || name === 'admin_audit') await page.screenshot({ path: `${folder}/${name}_phone.png`, animations: 'disabled', caret: 'hide' });
    await page.close();
  }
  const page = await asha.newPage();
  await page.goto(`/messages/${conversation?.id}`);
  await page.getByRole('button', { name: 'Reviewed' }).click();
  await page.screenshot({ path: `${folder}/reviewed.png`, animations: 'disabled', caret: 'hide' });
});

test('sign_in', async ({ browser, demo }) => {
  const page = await browser.newPage({ baseURL: demo, ...desk });
  await page.goto('/sign_in');
  await expect(page.locator('html[data-hydrated]')).toBeAttached();
  await page.screenshot({ path: path.join(folder, 'sign_in.png'), animations: 'disabled', caret: 'hide' });
});
