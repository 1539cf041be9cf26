// What opens a door and what people type stands in no log, whatever goes wrong on the way. After all tests the logs are
// searched for everything that any of them has typed (fixtures/aftermath.ts); this one types what the others do not.
import fs from 'node:fs/promises';
import { clientId } from '../fixtures/api.ts';
import { leaked, note } from '../fixtures/canaries.ts';
import { status } from '../fixtures/guard.ts';
import { cms, site } from '../fixtures/site.ts';
import { expect, test } from '../fixtures/test.ts';

test('no secret, no text and no typed name reaches the log', async ({ arrive, bikram, guard }) => {
  for (const code of [400, 401, 403, 404, 405, 413, 415, 422]) guard.allow(status(code));
  const made: string[] = [];
  /** A word that nothing else has. */
  const canary = (what: string): string => {
    const word = `Canary-${what}-${clientId().slice(-12)}`;
    made.push(word);
    return word;
  };
  const asha = await arrive();
  await cms(['user', 'set-role', asha.name.username, 'admin']);
  const { id } = await asha.api.open(bikram.id);
  const { page, api } = asha;

  await test.step('texts, names and reasons, in good requests and in bad ones', async () => {
    await asha.visit(`/messages/${id}`);
    await asha.conversation.write(canary('typed'));
    for (const path of ['/messages', '/messages/new', '/admin/audit']) await page.goto(`${path}?${new URLSearchParams({ q: canary('q'), person: canary('person') })}`);
    const put = `/api/v1/conversations/${id}/messages/${clientId()}`;
    const message = { body: canary('body') };
    expect((await api.fetch('PUT', put, message)).status()).toBe(201);
    expect((await api.fetch('PUT', put, { body: canary('conflict') })).status()).toBe(409);
    expect((await api.fetch('PUT', put, { body: canary('long').padEnd(5_000, 'x') })).status()).toBe(422);
    expect((await api.fetch('PUT', put, { body: [canary('type')] })).status()).toBe(422);
    expect((await api.fetch('PUT', `/api/v1/conversations/${canary('id')}/messages/${canary('key')}`, message)).status()).toBe(404);
    expect((await api.fetch('POST', '/rpc/send_message', { conversation_id: id, client_id: clientId(), body: `${canary('nul')}\0` })).status()).toBe(422);
    expect((await api.fetch('POST', '/api/v1/admin/reviews', { case_id: canary('case'), reason: canary('reason'), category: canary('category'), scope: {} })).status()).toBe(422);
    expect((await api.fetch('GET', `/api/v1/users?q=${canary('search')}&limit=${canary('limit')}`)).status()).toBe(422);
    expect((await api.fetch('POST', '/api/v1/admin/users', { username: canary('user name'), display_name: canary('name') })).status()).toBe(422);
    const raw = { failOnStatusCode: false, maxRedirects: 0 };
    for (const data of [`{"body": "${canary('broken')}`, canary('plain'), `{"body": "${canary('large')}${'x'.repeat(70_000)}"}`]) {
      for (const type of ['application/json', 'text/plain']) {
        const answer = await asha.context.request.put(`${asha.url}${put}`, { data, headers: { 'content-type': type }, ...raw });
        expect(answer.status()).toBeGreaterThanOrEqual(400);
      }
    }
    const headers = Object.fromEntries(['user-agent', 'referer', 'x-forwarded-for', 'x-request-id', 'accept-language', 'traceparent', 'if-none-match', 'last-event-id'].map((name) => [name, canary(name)]));
    await asha.context.request.get(`${asha.url}/api/v1/unread`, { headers, ...raw });
    const method = canary('method').toUpperCase();
    made.push(method);
    await asha.context.request.fetch(`${asha.url}/messages`, { method, ...raw });
    for (const path of ['', 'messages/', 'api/v1/', 'rpc/', 'admin/', 'password/', 'pkg/', 'admin/reviews/']) expect((await api.fetch('GET', `/${path}${canary('path')}`)).status()).toBe(404);
  });

  await test.step('passwords, links, cookies and tokens, right and wrong', async () => {
    const door = await arrive({ signedIn: false });
    for (const password of [canary('wrong'), bikram.password]) {
      await door.page.goto(`/sign_in?next=/settings?${canary('next')}`);
      await door.page.getByLabel('User name').fill(password === bikram.password ? bikram.name.username : canary('nobody'));
      await door.page.getByLabel('Password').fill(password);
      await door.page.getByRole('button', { name: 'Sign in' }).click();
      await door.page.waitForLoadState();
    }
    const link = (await cms(['user', 'link', bikram.name.username])).match(/\/password\/(\S+)/)?.[1] ?? '';
    made.push(link);
    await door.page.goto(`/password/${link}`);
    await door.page.getByLabel('New password').fill(canary('chosen password'));
    await door.page.getByRole('button').first().click();
    await expect(door.page).toHaveURL(/\/sign_in/);
    const token = (await cms(['token', 'create', '--user', asha.name.username])).trim();
    made.push(token);
    for (const bearer of [token, canary('bearer')]) await door.context.request.get(`${asha.url}/api/v1/me`, { headers: { authorization: `Bearer ${bearer}` } });
    await door.context.request.get(`${asha.url}/api/v1/me`, { headers: { cookie: `cms_session=${canary('cookie')}` } });
    for (const { value } of [...(await asha.context.cookies()), ...(await door.context.cookies())]) made.push(value);
    expect((await api.fetch('POST', '/rpc/change_password', { current: canary('current'), new: canary('new') })).status()).toBe(422);
  });

  await note(site().folder, made);
  // the log is written by a thread of its own, and what was asked last is written last
  const read = (): Promise<string> => fs.readFile(site().log, 'utf8');
  const answered = (await read()).length;
  await api.fetch('GET', '/healthz');
  await expect.poll(async () => (await read()).slice(answered)).toContain('/healthz');
  const log = await read();
  expect(log, 'what happened is written down').toContain('/messages/{id}');
  expect(made.length).toBeGreaterThan(40);
  expect(leaked(log, made)).toEqual([]);
});
