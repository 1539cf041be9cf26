import { clientId } from '../fixtures/api.ts';
import { status } from '../fixtures/guard.ts';
import { expect, test } from '../fixtures/test.ts';

const unknown = '00000000-0000-4000-8000-000000000000';
const secret = 'Only the two of us know this.';

test('7. Users can access only their own conversations', async ({ asha, bikram, chitra, guard }) => {
  const { id } = await asha.api.open(bikram.id);
  await asha.api.send(id, secret);
  await asha.api.send(id, 'And this.');

  await test.step('the page of a conversation of others is that of one that does not exist', async () => {
    guard.allow(status(404));
    const pages: string[] = [];
    for (const one of [id, unknown, 'not-an-id']) {
      const answer = await chitra.page.goto(`/messages/${one}`);
      expect(answer?.status()).toBe(404);
      await chitra.frame.hydrated();
      await expect(chitra.page.getByText(/no such conversation|is nothing here/i).first()).toBeVisible();
      pages.push((await chitra.page.locator('body').innerText()).replaceAll(one, 'ID'));
      const html = await chitra.page.content();
      for (const word of [secret, asha.displayName, bikram.displayName]) expect(html).not.toContain(word);
    }
    expect(new Set(pages).size).toBe(1);
    expect((await chitra.api.fetch('GET', `/messages/${id}?around=1`)).status()).toBe(404);
  });

  await test.step('so are the server functions', async () => {
    const calls: [string, (id: string) => unknown][] = [
      ['get_conversation', (one) => ({ id: one })],
      ['get_messages', (one) => ({ conversation_id: one, at: 'newest' })],
      ['send_message', (one) => ({ conversation_id: one, client_id: clientId(), body: 'Let me in' })],
      ['mark_read', (one) => ({ conversation_id: one, up_to_seq: 1 })],
      ['mark_delivered', (one) => ({ items: [{ conversation_id: one, up_to_seq: 1 }] })],
    ];
    for (const [name, body] of calls) {
      const [foreign, none] = await Promise.all([id, unknown].map((one) => chitra.api.fetch('POST', `/rpc/${name}`, body(one))));
      expect(foreign.status(), name).toBe(404);
      expect(await foreign.text(), name).toBe(await none.text());
      expect((await asha.api.fetch('POST', `/rpc/${name}`, body(id))).status(), `${name}, as a participant`).toBe(200);
    }
  });

  await test.step('and the API', async () => {
    const calls: [string, string, unknown?][] = [
      ['GET', ''],
      ['GET', '/messages'],
      ['PUT', `/messages/${clientId()}`, { body: 'Let me in' }],
      ['POST', '/read', { up_to_seq: 1 }],
      ['POST', '/delivered', { up_to_seq: 1 }],
    ];
    for (const [method, path, body] of calls) {
      const answers = await Promise.all([id, unknown, 'x'].map((one) => chitra.api.fetch(method, `/api/v1/conversations/${one}${path}`, body)));
      const texts = await Promise.all(answers.map(async (one) => ({ ...(await one.json()), request_id: '' })));
      expect(answers.map((one) => one.status()), `${method} ${path}`).toEqual([404, 404, 404]);
      expect(texts[0], `${method} ${path}`).toEqual(texts[1]);
      expect(texts[2], `${method} ${path}`).toEqual(texts[1]);
    }
  });

  await test.step('and the forms', async () => {
    const form = await chitra.context.request.post(`${chitra.url}/messages/${id}`, {
      form: { body: 'Let me in', client_id: clientId(), displayed_seq: '2', action: 'send' }, maxRedirects: 0,
    });
    expect(form.status()).toBe(404);
    expect(await form.text()).not.toContain(secret);
  });

  await test.step('nothing of it stands in lists, counts, searches or changes of others', async () => {
    for (const path of ['/conversations', `/conversations?q=${bikram.givenName}`, '/changes?since=0', '/unread']) {
      const text = await (await chitra.api.fetch('GET', `/api/v1${path}`)).text();
      for (const word of [id, secret, 'Let me in']) expect(text, path).not.toContain(word);
    }
    await chitra.visit('/messages');
    await expect(chitra.inbox.rows).toHaveCount(0);
    expect((await bikram.api.messages(id)).map((one) => one.body)).not.toContain('Let me in from outside');
  });

  await test.step('signed out, there is the sign-in page and 401', async () => {
    await chitra.holdSession();
    await chitra.page.goto(`/messages/${id}`);
    await expect(chitra.page).toHaveURL((url) => url.pathname === '/sign_in' && url.searchParams.get('next') === `/messages/${id}`);
    expect((await chitra.api.fetch('GET', `/api/v1/conversations/${id}`)).status()).toBe(401);
    expect((await chitra.api.fetch('POST', '/rpc/get_conversation', { id })).status()).toBe(401);
  });
});
