import { cms } from '../fixtures/site.ts';
import { expect, test } from '../fixtures/test.ts';

test('1. Users can search and select another CMS user', async ({ asha, bikram }) => {
  await asha.visit('/messages');
  const [given, family] = bikram.displayName.split(' ');

  await test.step('by the beginnings of name, user name and department, without regard to accents and capitals', async () => {
    const dialog = await asha.inbox.startNew();
    await expect(dialog.field).toBeFocused();
    for (const query of [`${given} ${family}`, `${family.slice(0, 3)} ${given.slice(0, 3)}`, bikram.name.username, `${given.toUpperCase()} ${family} ${bikram.name.department.split(' ')[0]}`]) {
      await dialog.field.fill(query);
      await expect(dialog.option(bikram.displayName), query).toBeVisible();
    }
    await dialog.field.fill(accented(bikram.displayName));
    await expect(dialog.option(bikram.displayName)).toBeVisible();
    await expect(dialog.option(bikram.displayName)).toContainText(bikram.name.department);
    await expect(dialog.count).toHaveText(/\d+ (person|people)/);
  });

  await test.step('never oneself, and nobody is said so', async () => {
    const field = asha.page.getByRole('combobox');
    await field.fill(asha.displayName);
    await expect(asha.page.getByRole('option').or(asha.page.getByText(/Nobody matches/)).first()).toBeVisible();
    await expect(asha.page.getByRole('option').filter({ hasText: asha.name.username })).toHaveCount(0);
    await field.fill('zzqx wvk');
    await expect(asha.page.getByText(/Nobody matches/)).toBeVisible();
    await expect(asha.page.getByRole('option')).toHaveCount(0);
  });

  await test.step('Escape closes, and nothing has happened', async () => {
    await asha.page.keyboard.press('Escape');
    await expect(asha.page.getByRole('combobox')).toHaveCount(0);
    await expect(asha.inbox.newMessage).toBeFocused();
    await expect(asha.inbox.rows).toHaveCount(0);
  });

  await test.step('selected with the arrow keys, the conversation opens', async () => {
    const dialog = await asha.inbox.startNew();
    await dialog.field.fill(bikram.displayName);
    const option = dialog.option(bikram.displayName);
    await expect(option).toBeVisible();
    while ((await option.getAttribute('aria-selected')) !== 'true') await dialog.field.press('ArrowDown');
    await expect(dialog.field).toBeFocused();
    expect(await dialog.field.getAttribute('aria-activedescendant')).toBe(await option.getAttribute('id'));
    await dialog.field.press('Enter');
    await expect(asha.conversation.title).toHaveText(bikram.displayName);
    await expect(asha.page).toHaveURL(/\/messages\/[0-9a-f-]{36}/);
    await expect(asha.conversation.field).toBeFocused();
    await expect(asha.inbox.row(bikram.displayName)).toHaveCount(1);
  });

  await test.step('selected again, it is the same one', async () => {
    const { pathname } = new URL(asha.page.url());
    await asha.visit('/messages');
    const dialog = await asha.inbox.startNew();
    await dialog.field.fill(bikram.displayName);
    await dialog.option(bikram.displayName).click();
    await expect(asha.page).toHaveURL(new RegExp(pathname));
  });

  await test.step('what is empty, the other does not see', async () => {
    await bikram.visit('/messages');
    await expect(bikram.page.getByText('No conversations yet')).toBeVisible();
  });
});

test('Enter chooses nobody whom the field does not ask for any more', async ({ asha, bikram, chitra }) => {
  await asha.visit('/messages');
  const dialog = await asha.inbox.startNew();
  await dialog.field.fill(bikram.displayName);
  await expect(dialog.option(bikram.displayName)).toHaveAttribute('aria-selected', 'true');
  let answer = (): void => undefined;
  const held = new Promise<void>((resolve) => (answer = resolve));
  await asha.page.route('**/rpc/search_users', async (route) => {
    await held;
    await route.continue();
  });
  const opened: string[] = [];
  asha.page.on('request', (one) => one.url().endsWith('/rpc/create_conversation') && opened.push(one.postDataJSON().recipient_id));
  const asked = asha.page.waitForRequest('**/rpc/search_users');
  await dialog.field.fill(chitra.displayName);
  await dialog.field.press('Enter');
  expect((await asked).postDataJSON().q).toBe(chitra.displayName);
  await dialog.field.press('Enter');
  answer();
  await expect(dialog.option(chitra.displayName)).toHaveAttribute('aria-selected', 'true');
  await expect(asha.page).toHaveURL(/\/messages$/);
  await dialog.field.press('Enter');
  await expect(asha.conversation.title).toHaveText(chitra.displayName);
  expect(opened).toEqual([chitra.id]);
});

test('a person whom the policy protects is found, with the reason, and cannot be selected', async ({ asha }) => {
  await cms(['user', 'create', '--username', 'closed.auditor', '--name', 'Wilhelmina Closed', '--department', 'Internal Audit'], 'another long passphrase\n');
  await asha.visit('/messages');
  const dialog = await asha.inbox.startNew();
  await dialog.field.fill('Wilhelmina');
  const option = dialog.option('Wilhelmina Closed');
  await expect(option).toHaveAttribute('aria-disabled', 'true');
  await expect(option).toContainText('Internal Audit takes no messages.');
  await option.click({ force: true });
  await expect(asha.page).not.toHaveURL(/[0-9a-f]{8}-/);
});

test('the inbox is searched by name', async ({ asha, bikram, chitra }) => {
  for (const peer of [bikram, chitra]) {
    const { id } = await asha.api.open(peer.id);
    await asha.api.send(id, `Good morning ${peer.givenName}`);
  }
  await asha.visit('/messages');
  await expect(asha.inbox.rows).toHaveCount(2);
  await expect.poll(asha.inbox.names).toEqual([chitra.displayName, bikram.displayName]);
  await asha.inbox.search.fill(bikram.displayName);
  await expect(asha.inbox.row(chitra.displayName)).toHaveCount(0);
  await expect(asha.inbox.row(bikram.displayName)).toBeVisible();
  await asha.inbox.search.fill('zzqx wvk');
  await expect(asha.inbox.list.getByText(/matches/)).toBeVisible();
  await asha.inbox.search.fill('');
  await expect(asha.inbox.rows).toHaveCount(2);
});

/** "Émilie" finds "Emilie": an accent on every vowel, capitals all over. */
function accented(name: string): string {
  return name.toUpperCase().replace(/[AEIOU]/g, (vowel) => `${vowel}\u0301`.normalize('NFC'));
}

test('who is no conversation yet is found from the inbox', async ({ asha, bikram, chitra }) => {
  await asha.api.send((await asha.api.open(chitra.id)).id, 'Good morning');
  await asha.visit('/messages');
  await asha.inbox.search.fill(bikram.displayName);
  await expect(asha.page.getByRole('heading', { name: `No conversation matches “${bikram.displayName}”` })).toBeVisible();
  await asha.page.getByRole('link', { name: 'Look among all colleagues' }).click();
  await asha.page.locator('.user_search[data-page] button.user_search-option', { hasText: bikram.name.username }).click();
  await expect(asha.conversation.title).toHaveText(bikram.displayName);
});
