// Plain http at a name of the LAN: no Web Locks, no randomUUID, no notifications, and everything works a little slower.
import { Streams } from '../fixtures/streams.ts';
import { site } from '../fixtures/site.ts';
import { expect, test } from '../fixtures/test.ts';

test.use({
  launchOptions: [async ({ launchOptions }, use) => {
    await use({ ...launchOptions, args: [...(launchOptions.args ?? []), '--host-resolver-rules=MAP messages.lan 127.0.0.1'] });
  }, { scope: 'worker' }],
});

test('each tab asks by itself, and what is written arrives both ways', async ({ asha, arrive, guard }) => {
  guard.allow(/Cross-Origin-Opener-Policy header has been ignored/);
  const url = site().url.replace('127.0.0.1', 'messages.lan');
  const bikram = await arrive({ url, signedIn: false });
  const streams = new Streams(bikram.page);
  await bikram.page.goto('/sign_in');
  await bikram.page.getByLabel('User name').fill(bikram.name.username);
  await bikram.page.getByLabel('Password').fill(bikram.password);
  await bikram.page.getByRole('button', { name: 'Sign in' }).click();
  await expect(bikram.page).toHaveURL(/\/messages$/);
  await bikram.frame.hydrated();
  expect(await bikram.page.evaluate(() => [isSecureContext, 'locks' in navigator, 'randomUUID' in crypto])).toEqual([false, false, false]);

  const found = await asha.api.json<{ items: { id: string }[] }>('GET', `/users?q=${bikram.name.username}`);
  const { id } = await asha.api.open(found.items[0].id);
  await asha.api.send(id, 'Can you hear me?');
  await bikram.inbox.open(asha.displayName);
  await bikram.conversation.write('Loud and clear.');
  await expect.poll(async () => (await asha.api.messages(id)).map((one) => one.status)).toEqual(['read', 'sent']);
  const tab = await bikram.newTab(`/messages/${id}`);
  await asha.api.send(id, 'And in both tabs?');
  for (const page of [bikram.page, tab]) await expect(page.getByRole('log').getByText('And in both tabs?')).toBeVisible();
  await expect(bikram.page.locator('.connection_state')).toHaveText('Up to date');
  expect(streams.opened).toBe(0);
});
