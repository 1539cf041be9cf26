// The administration as two admins see it: meera asks, farhan agrees. Each page in four looks; those that the documents show
// are in docs/screenshots, the others in test-results/administration, to be looked at.
import type { BrowserContext, Page } from '@playwright/test';
import path from 'node:path';
import { desk, expect, folder, phone, test } from './demo.ts';

/** What docs/administration.md shows. */
const shown = new Set([
  'admin_audit', 'admin_review', 'admin_review_dark', 'admin_decision', 'admin_policy', 'admin_policy_draft', 'admin_people',
  'admin_people_rtl', 'admin_person_phone', 'admin_import',
]);

const looks = [
  ['', { colorScheme: 'light' }, desk.viewport, 'ltr'],
  ['_dark', { colorScheme: 'dark' }, desk.viewport, 'ltr'],
  ['_rtl', { colorScheme: 'light' }, desk.viewport, 'rtl'],
  ['_phone', { colorScheme: 'light' }, phone.viewport, 'ltr'],
] as const;

/** The page in all its looks, as high as it is (to this height): what scrolls is its main part alone. */
async function picture(page: Page, name: string, most = 1_800): Promise<void> {
  for (const [look, media, size, dir] of looks) {
    await page.emulateMedia(media);
    await page.evaluate((dir) => (document.documentElement.dir = dir), dir);
    const { width, height } = size ?? { width: 1280, height: 800 };
    await page.setViewportSize({ width, height });
    const beyond = await page.locator('main').evaluate((main) => main.scrollHeight - main.clientHeight);
    await page.setViewportSize({ width, height: Math.min(height + beyond, most) });
    await page.evaluate(() => document.fonts.ready);
    const file = `${name}${look}.png`;
    const place = shown.has(`${name}${look}`) ? folder : path.resolve('test-results/administration');
    await page.screenshot({ path: path.join(place, file), animations: 'disabled', caret: 'hide' });
  }
}

test('administration', async ({ browser, demo }) => {
  test.setTimeout(180_000);
  const signedIn = async (username: string): Promise<BrowserContext> => {
    const context = await browser.newContext({ baseURL: demo, ...desk });
    const answer = await context.request.post('/api/v1/session', { data: { username, password: 'demo-password' } });
    expect(answer.ok()).toBe(true);
    return context;
  };
  const [meera, farhan, asha] = [await signedIn('meera'), await signedIn('farhan.qureshi'), await signedIn('asha')];
  const inbox = (await (await asha.request.get('/api/v1/conversations')).json()) as { items: { id: string; last_seq: number; peer: { username: string } }[] };
  const conversation = inbox.items.find((one) => one.last_seq > 5 && !['meera', 'farhan.qureshi'].includes(one.peer.username));
  const request = {
    case_id: 'TP-C-118', category: 'complaint', scope: { conversation_id: conversation?.id },
    reason: 'Complaint TP-C-118: gate passes were promised outside of the tender. Only what concerns gate passes is looked for.',
    from: '2020-01-01T00:00:00Z', until: '2100-01-01T00:00:00Z',
  };
  const ask = async (): Promise<{ id: string }> => (await meera.request.post('/api/v1/admin/reviews', { data: request })).json();
  const [review, waiting] = [await ask(), await ask()];
  expect((await farhan.request.post(`/api/v1/admin/reviews/${review.id}/approve`, { data: { note: 'Agreed.' } })).ok()).toBe(true);
  const people = (await (await meera.request.get('/api/v1/admin/users?q=oluwaseun')).json()) as { items: { id: string }[] };
  const person = `/admin/people/${people.items[0]?.id}`;
  for (const _ of ['desk', 'telephone']) await signedIn('oluwaseun.adeyemi');

  const page = await meera.newPage();
  const take = async (name: string, address: string, prepare = async (): Promise<void> => undefined, most?: number): Promise<void> => {
    await page.setViewportSize(desk.viewport ?? { width: 1280, height: 800 });
    await page.goto(address);
    await prepare();
    await picture(page, name, most);
  };
  await take('admin_review', `/admin/reviews/${review.id}/conversations/${conversation?.id}`);
  await take('admin_request', '/admin/reviews/new');
  await take('admin_reviews', '/admin/reviews');
  const second = await farhan.newPage();
  await second.goto(`/admin/reviews/${waiting.id}`);
  await picture(second, 'admin_decision');

  await test.step('the policy: rules, a draft and what it would do, the history', async () => {
    await take('admin_policy_draft', '/admin/policy/edit', async () => {
      await page.getByRole('button', { name: 'Add a rule' }).click();
      await page.locator('#r1_name').fill('agencies_go_through_planning');
      await page.locator('#r1_from_department').fill('Agencies Abroad');
      await page.locator('#r1_to_department').fill('Finance and Legal');
      await page.locator('#r1_reason').fill('Questions about invoices go through Planning.');
      await page.locator('#note').fill('Agreed with Finance on Monday');
      await page.getByRole('button', { name: 'See what it would do' }).last().click();
      await expect(page.getByRole('button', { name: 'Apply these rules' })).toBeVisible();
    });
    await page.getByRole('button', { name: 'Apply these rules' }).click();
    await take('admin_policy', '/admin/policy?from=layla.haddad&to=kabir.malhotra&action=send');
  });

  await test.step('people: the list, one of them, what is asked, an import', async () => {
    await take('admin_people', '/admin/people?department=Agencies+Abroad');
    await take('admin_person', person);
    await take('admin_deactivate', `${person}/deactivate`);
    await take('admin_new_person', '/admin/people/new');
    const header = 'username,display_name,department,role,email,external_id,password\n';
    const imported = async (rows: string): Promise<void> => {
      await page.getByLabel('Or its text').fill(header + rows);
      await page.getByRole('button', { name: 'Show what it would do' }).click();
      await expect(page.getByRole('heading', { level: 1 })).toHaveText(/^(What this import would do|This file is not right yet)$/);
    };
    await take('admin_import_refused', '/admin/people/import', () => imported('kim.seoyeon,김서연,Terminal Planning,boss,,,\nida.holm,Ida Holm,,member,,,\n'));
    await take('admin_import', '/admin/people/import', () =>
      imported('kim.seoyeon,김서연,Terminal Planning,member,,,\nasha,Asha Verma,Finance and Legal,admin,asha@port.example,,\nida.holm,Ida Holm,Finance and Legal,member,ida@port.example,p-118,\n'));
    await page.goto(person);
    await page.getByRole('button', { name: 'Make a link to set a password' }).click();
    await picture(page, 'admin_link');
  });
  // sealed within two seconds
  await expect.poll(async () => (await meera.request.get('/api/v1/audit/checkpoint')).status()).toBe(200);
  await take('admin_audit', '/admin/audit', undefined, 960);

  const told = await asha.newPage();
  await told.goto(`/messages/${conversation?.id}`);
  await told.getByRole('button', { name: 'Reviewed' }).click();
  await told.screenshot({ path: `${folder}/reviewed.png`, animations: 'disabled', caret: 'hide' });
  for (const context of [meera, farhan, asha]) await context.close();
});
