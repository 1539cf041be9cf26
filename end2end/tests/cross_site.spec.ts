// Another site in the same browser, where somebody is signed in here: nothing is changed, nothing is read, nothing framed.
import type { Page } from '@playwright/test';
import { clientId } from '../fixtures/api.ts';
import { attempt, encodings, OtherSite, submit } from '../fixtures/other_site.ts';
import type { Person } from '../fixtures/person.ts';
import { withDatabase } from '../fixtures/postgres.ts';
import { cms, site } from '../fixtures/site.ts';
import { expect, test } from '../fixtures/test.ts';

/** Whatever a browser writes about what it refuses. */
const refusals = /status of 4\d\d|CORS|net::ERR_|Refused to|blocked|ERR_BLOCKED|EventSource/i;

/** All that is written down about these people. */
async function standing(...people: Person[]): Promise<unknown> {
  const { address, database } = site();
  return withDatabase(address, database, async (client) => {
    const { rows } = await client.query(
      `select (select count(*) from messages m where m.sender_id = u.id)::int as messages, (select count(*) from sessions s where s.user_id = u.id)::int as sessions,
              (select count(*) from audit_entries a where a.actor_id = u.id or a.object = u.id::text)::int as entries, u.password_hash, u.role, u.active
       from users u where u.id = any ($1) order by u.id`, [people.map((one) => one.id)]);
    return rows;
  });
}

type Wish = { path: string; fields: Record<string, string>; json: Record<string, unknown> };

/** What an attacker would like to have done, as a form and as JSON. */
function wishes(url: string, conversation: string, peer: string, user: string): Wish[] {
  const message = (): Record<string, string> => ({ body: 'planted', action: 'send', client_id: clientId(), displayed_seq: '1' });
  const wishes: Wish[] = [
    { path: `/messages/${conversation}`, fields: message(), json: message() },
    { path: '/rpc/send_message', fields: { conversation_id: conversation, client_id: clientId(), body: 'planted' }, json: { conversation_id: conversation, client_id: clientId(), body: 'planted' } },
    { path: '/rpc/mark_read', fields: { conversation_id: conversation, up_to_seq: '1' }, json: { conversation_id: conversation, up_to_seq: 1 } },
    { path: '/messages/new', fields: { recipient_id: peer }, json: { recipient_id: peer } },
    { path: '/api/v1/conversations', fields: { recipient_id: peer }, json: { recipient_id: peer } },
    { path: '/settings', fields: { current_password: 'a long enough passphrase', new_password: 'planted planted' }, json: {} },
    { path: '/rpc/change_password', fields: { current: 'a long enough passphrase', new: 'planted planted' }, json: { current: 'a long enough passphrase', new: 'planted planted' } },
    { path: '/settings/sessions/end_others', fields: {}, json: {} },
    { path: '/rpc/end_other_sessions', fields: {}, json: {} },
    { path: '/api/v1/me/sessions', fields: {}, json: {} },
    { path: '/sign_out', fields: {}, json: {} },
    { path: '/rpc/sign_out', fields: {}, json: {} },
    { path: '/admin/audit/export', fields: {}, json: {} },
    { path: '/api/v1/admin/users', fields: { username: 'planted', display_name: 'Planted' }, json: { username: 'planted', display_name: 'Planted' } },
    { path: `/api/v1/admin/users/${user}/link`, fields: {}, json: {} },
    { path: '/api/v1/admin/policy', fields: { rules: '[]' }, json: { rules: [], expected_version: 0 } },
    { path: '/sign_in', fields: { username: 'closed', password: 'a long enough passphrase', next: '/' }, json: {} },
    { path: '/api/v1/session', fields: { username: 'closed', password: 'x' }, json: { username: 'closed', password: 'x' } },
  ];
  return wishes.map((one) => ({ ...one, path: `${url}${one.path}` }));
}

for (const [who, host] of [['another site', 'localhost'], ['a neighbour, to whom the cookie goes along', '127.0.0.1']] as const) {
  test(`${who} changes nothing, by form or by fetch`, async ({ arrive, asha, bikram, chitra, guard }) => {
    test.slow();
    guard.allow(refusals);
    await cms(['user', 'set-role', asha.name.username, 'admin']);
    const { id } = await bikram.api.open(asha.id);
    await bikram.api.send(id, 'Good morning');
    const elsewhere = await arrive({}, asha.name);
    const evil = await OtherSite.open();
    const page = asha.page;
    const before = await standing(asha, bikram, chitra);

    await test.step('forms of every encoding', async () => {
      for (const enctype of encodings) {
        for (const { path, fields } of wishes(asha.url, id, chitra.id, bikram.id)) {
          await page.goto(evil.url(host));
          expect(await submit(page, path, enctype, fields), `${enctype} to ${path}`).toBeGreaterThanOrEqual(400);
        }
      }
    });

    await test.step('a form whose text is JSON', async () => {
      for (const { path, json } of wishes(asha.url, id, chitra.id, bikram.id)) {
        await page.goto(evil.url(host));
        const text = JSON.stringify(json).replace(/\}$/, `${Object.keys(json).length > 0 ? ',' : ''}"x":"`);
        expect(await submit(page, path, 'text/plain', { [text]: '"}' }), path).toBeGreaterThanOrEqual(400);
      }
    });

    await test.step('fetch, without asking and with', async () => {
      await page.goto(evil.url(host));
      for (const { path, fields, json } of wishes(asha.url, id, chitra.id, bikram.id)) {
        const form = new URLSearchParams(fields).toString();
        for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x']) {
          for (const body of [form, JSON.stringify(json)]) {
            // opaque, or not even that: nothing of it can be read
            expect(await attempt(page, path, { method: 'POST', mode: 'no-cors', headers: { 'content-type': type }, body }), path).toMatch(/^(opaque 0 $|refused)/);
          }
        }
        for (const method of ['POST', 'PUT', 'PATCH', 'DELETE']) {
          expect(await attempt(page, path, { method, headers: { 'content-type': 'application/json' }, body: JSON.stringify(json) }), `${method} ${path}`).toBe('refused');
        }
        await page.evaluate(([path, body]) => navigator.sendBeacon(path, new Blob([body], { type: 'text/plain' })), [path, JSON.stringify(json)] as const);
      }
    });

    expect(await standing(asha, bikram, chitra)).toEqual(before);
    for (const one of [asha, elsewhere]) expect((await one.api.fetch('GET', '/api/v1/me')).status(), 'still signed in').toBe(200);
    await evil.close();

    await test.step('from our own page the same form is good', async () => {
      await page.goto(`/messages/${id}`);
      expect(await submit(page, `${asha.url}/messages/${id}`, encodings[0], { body: 'mine', action: 'send', client_id: clientId(), displayed_seq: '1' })).toBe(303);
      expect((await bikram.api.messages(id)).map((one) => one.body)).toEqual(['Good morning', 'mine']);
    });
  });

  test(`${who} reads nothing and frames nothing`, async ({ asha, bikram, guard }) => {
    guard.allow(refusals);
    const { id } = await bikram.api.open(asha.id);
    await bikram.api.send(id, 'The heron stands in the dry dock.');
    const evil = await OtherSite.open();
    const page = asha.page;
    await page.goto(evil.url(host));
    for (const path of ['/api/v1/me', '/api/v1/conversations', `/api/v1/conversations/${id}/messages`, `/messages/${id}`, '/api/v1/events', '/robots.txt']) {
      expect(await attempt(page, `${asha.url}${path}`, {}), path).toBe('refused');
      expect(await attempt(page, `${asha.url}${path}`, { mode: 'no-cors' }), path).toBe('refused');
      expect(await loads(page, 'script', `${asha.url}${path}`), `a script from ${path}`).toBe('error');
      expect(await loads(page, 'img', `${asha.url}${path}`), `a picture from ${path}`).toBe('error');
    }
    for (const path of ['/messages', `/messages/${id}`, '/sign_in', '/settings', '/admin/audit']) {
      expect(await framed(page, `${asha.url}${path}`), `${path} in a frame`).not.toContain(asha.displayName);
    }
    const [opened, handle] = await Promise.all([
      page.context().waitForEvent('page'),
      page.evaluateHandle((url) => ({ window: window.open(url) }), `${asha.url}/messages/${id}`),
    ]);
    await opened.waitForLoadState();
    expect(await opened.locator('h1').first().textContent(), 'who is sent here is at home here').toBe(bikram.displayName);
    expect(await opened.evaluate(() => window.opener), 'and has no opener').toBe(null);
    expect(await handle.evaluate(({ window }) => !window || window.closed), 'nor has the other site a hold on it').toBe(true);
    expect((await asha.api.conversation(id)).read_seq, 'a link reads nothing').toBe(0);
    await opened.close();
    await evil.close();
  });
}

/** Whether an element of the page gets what it asks for. */
function loads(page: Page, tag: 'script' | 'img', src: string): Promise<string> {
  return page.evaluate(([tag, src]) => new Promise<string>((resolve) => {
    const one = document.createElement(tag) as HTMLScriptElement | HTMLImageElement;
    one.onload = () => resolve('load');
    one.onerror = () => resolve('error');
    one.src = src;
    document.body.append(one);
  }), [tag, src] as const);
}

/** The text of a frame, as far as the browser shows it. */
async function framed(page: Page, src: string): Promise<string> {
  const answered = page.waitForResponse((response) => response.url().startsWith(src));
  await page.evaluate((src) => void document.body.append(Object.assign(document.createElement('iframe'), { src })), src);
  await answered;
  const frame = page.frames().at(-1);
  await frame?.waitForLoadState().catch(() => undefined);
  return (await frame?.locator('body').textContent({ timeout: 2_000 }).catch(() => '')) ?? '';
}
