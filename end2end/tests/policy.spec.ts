// The policy as admins change it and everybody else feels it. On a server of its own: rules are for all of its people.
import type { Page } from '@playwright/test';
import fs from 'node:fs/promises';
import { expectAccessible } from '../fixtures/axe.ts';
import { status } from '../fixtures/guard.ts';
import { type Name, password } from '../fixtures/names.ts';
import { createDatabase, dropDatabase, parseAddress } from '../fixtures/postgres.ts';
import { command, makeFolder, Server } from '../fixtures/program.ts';
import { expect, test as base } from '../fixtures/test.ts';
import { NewMessage } from '../pages/new_message.ts';

const meera: Name = { username: 'meera', displayName: 'Meera Rao', department: 'Board' };
const asha: Name = { username: 'asha', displayName: 'Asha Verma', department: 'Planning' };
const rohan: Name = { username: 'rohan', displayName: 'Rohan Das', department: 'Treasury' };

const test = base.extend<object, { office: string }>({
  office: [async ({}, use) => {
    const place = { address: parseAddress(process.env.DATABASE_URL ?? ''), database: `policy_${process.pid}`, folder: await makeFolder() };
    await createDatabase(place.address, place.database);
    await command(place, ['migrate']);
    for (const { username, displayName, department } of [meera, asha, rohan]) {
      const role = username === 'meera' ? 'admin' : 'member';
      await command(place, ['user', 'create', '--username', username, '--name', displayName, '--department', department, '--role', role], `${password}\n`);
    }
    const server = await Server.start(place);
    await use(server.url);
    await server.stop();
    await dropDatabase(place.address, place.database);
    await fs.rm(place.folder, { recursive: true, force: true });
  }, { scope: 'worker' }],
});
test.describe.configure({ mode: 'serial' });

const tryIt = (page: Page) => page.getByRole('button', { name: 'See what it would do' }).last();
const apply = (page: Page) => page.getByRole('button', { name: 'Apply these rules' });

/** Appends a rule to the draft that is open: nobody may do this to that department. */
async function addRule(page: Page, name: string, department: string, reason: string, actions = ['open', 'send']): Promise<void> {
  const rules = page.locator('fieldset.policy_draft-rule');
  const place = await rules.count();
  await page.getByRole('button', { name: 'Add a rule' }).click();
  await expect(rules).toHaveCount(place + 1);
  await page.locator(`#r${place}_name`).fill(name);
  await page.locator(`#r${place}_to_department`).fill(department);
  await page.locator(`#r${place}_reason`).fill(reason);
  for (const action of ['find', 'open', 'send']) await page.locator(`[name="r${place}_${action}"]`).setChecked(actions.includes(action));
}

for (const javaScriptEnabled of [true, false]) {
  test(`a rule closes an open conversation at once and leaves the text, ${javaScriptEnabled ? 'with' : 'without'} JavaScript for the admin`, async ({ office, arrive }) => {
    const admin = await arrive({ url: office, javaScriptEnabled }, meera);
    const member = await arrive({ url: office }, asha);
    const peer = await arrive({ url: office }, rohan);
    // the same two people in the same conversation each time
    const [question, more] = javaScriptEnabled ? ['Is the budget signed?', 'And one more thing'] : ['Is the plan signed?', 'And yet another thing'];
    const { id } = await member.api.open(peer.id);
    await member.visit(`/messages/${id}`);
    await member.conversation.write(question);
    await member.conversation.field.fill(more);
    const search = new NewMessage(await member.newTab('/messages'));
    await search.open();
    await search.field.fill('rohan');
    await expect(search.option(rohan.displayName)).toBeVisible();
    const { page } = admin;

    await test.step('the rules in force, in words', async () => {
      await page.goto('/admin/policy');
      await expect(page.getByText('Everyone may not open a conversation with or write to people in Internal Audit.')).toBeVisible();
      await page.getByRole('link', { name: 'Change the rules' }).click();
      await expect(page).toHaveURL(/\/admin\/policy\/edit$/);
    });

    await test.step('what it would do is shown before it can be applied', async () => {
      await addRule(page, 'treasury_is_closed', 'Treasury', 'The Treasury answers by ticket only.', ['find', 'open', 'send']);
      await expect(apply(page)).toHaveCount(0);
      await page.locator('#note').fill('As agreed on Monday');
      await tryIt(page).click();
      await expect(page.getByText('2 pairs of people could no longer write.')).toBeVisible();
      await expect(page.getByText('In 1 conversation somebody could no longer write.')).toBeVisible();
      await expect(page.locator('.policy_problems')).toContainText('Nobody active is in Internal Audit.');
      await expect(member.conversation.field).toHaveValue(more);
    });

    await test.step('applied, the member reads why, at once, and their text is still there', async () => {
      await apply(page).click();
      await expect(page).toHaveURL(/\/admin\/policy\?applied=/);
      await expect(member.conversation.closed).toContainText('The Treasury answers by ticket only.');
      await expect(member.conversation.closed.getByRole('textbox')).toHaveValue(more);
      await expect(member.conversation.composer).toHaveCount(0);
      await expect(member.conversation.bubble(question)).toBeVisible();
      await expect(search.options).toHaveCount(0);
      const found = await member.api.json<{ items: unknown[] }>('GET', '/users?q=rohan');
      expect(found.items).toEqual([]);
      expect((await member.api.conversation(id)).can_write).toBe(false);
    });

    await test.step('why is explained by the rule', async () => {
      await page.getByLabel('From (user name)').fill('asha');
      await page.getByLabel('To (user name)').fill('rohan');
      await page.getByRole('button', { name: 'Explain' }).click();
      await expect(page.locator('.policy_answer')).toContainText('Because of rule 2, treasury_is_closed: the first that matches.');
      await expect(page.locator('.policy_answer')).toContainText('The Treasury answers by ticket only.');
    });

    await test.step('the history says who, why, and what differs; the older version is restored', async () => {
      const newest = page.locator('.policy_history li').first();
      await expect(newest).toContainText('Meera Rao');
      await expect(newest).toContainText('treasury_is_closed added.');
      await expect(newest).toContainText('As agreed on Monday');
      await page.locator('.policy_history li').nth(1).getByRole('link', { name: /^Restore/ }).click();
      await expect(page.getByRole('heading', { level: 1 })).toHaveText('Restore older rules');
      await tryIt(page).click();
      await apply(page).click();
      await expect(page.locator('.policy_history li').first()).toContainText('Restored from version');
    });

    await test.step('and the conversation is open again, with the text in the composer', async () => {
      await expect(member.conversation.field).toHaveValue(more);
      await member.conversation.field.press('Enter');
      await expect(member.conversation.bubble(more)).toBeVisible();
      await expect(member.conversation.closed).toHaveCount(0);
    });
  });
}

test('what was typed survives every refusal, and nobody overwrites what they have not seen', async ({ office, arrive, guard }) => {
  guard.allow(status(422));
  guard.allow(status(409));
  const admin = await arrive({ url: office }, meera);
  const { page } = admin;
  await page.goto('/admin/policy/edit');
  await addRule(page, 'Not A Name', 'Moon', 'We are not there yet.');
  await page.locator('#note').fill('Tried on a Friday');
  await page.locator('#note').press('Enter');
  await expect(page.locator('#r1_name')).toHaveAttribute('aria-invalid', 'true');
  await expect(page.locator('#r1_name')).toHaveValue('Not A Name');
  await expect(page.locator('#r1_reason')).toHaveValue('We are not there yet.');
  await expect(page.locator('#note')).toHaveValue('Tried on a Friday');

  await page.locator('#r1_name').fill('moon_is_far');
  await page.getByRole('button', { name: 'Move up rule 2' }).click();
  await expect(page.locator('#r0_name')).toHaveValue('moon_is_far');
  await tryIt(page).click();
  await expect(apply(page)).toBeVisible();
  // somebody else is quicker
  const { rules, version } = await admin.api.json<{ rules: unknown[]; version: number }>('GET', '/admin/policy');
  await admin.api.json('PUT', '/admin/policy', { rules: [...rules, { name: 'quicker', effect: 'allow' }], expected_version: version });
  await apply(page).click();
  await expect(page.getByText('Something has changed since you looked.', { exact: false })).toBeVisible();
  await expect(page.locator('#r0_name')).toHaveValue('moon_is_far');
  expect((await admin.api.json<{ version: number }>('GET', '/admin/policy')).version).toBe(version + 1);
  // a draft that is changed after it was tried is tried again
  await page.locator('#r0_reason').fill('Still far.');
  await apply(page).click();
  await expect(page.getByText('Something has changed since you looked.', { exact: false })).toBeVisible();
  await apply(page).click();
  await expect(page.locator('.policy_rule').first()).toContainText('moon_is_far');
  await expect(page.locator('.policy_rule').first()).toContainText('Still far.');
});

test('a member is told that this is for administrators', async ({ office, arrive, guard }) => {
  guard.allow(status(403));
  const member = await arrive({ url: office }, asha);
  for (const path of ['/admin/policy', '/admin/policy/edit']) {
    await member.page.goto(path);
    await expect(member.page.getByRole('heading', { level: 1 })).toHaveText('This is for administrators');
    await expect(member.page.getByText('treasury')).toHaveCount(0);
  }
});

test('the screens are accessible, in the dark and on a phone', async ({ office, arrive }) => {
  for (const options of [{}, { colorScheme: 'dark' as const }, { viewport: { width: 360, height: 740 } }]) {
    const { page } = await arrive({ url: office, ...options }, meera);
    await page.goto('/admin/policy?from=asha&to=rohan&action=send');
    await expectAccessible(page, 'the policy');
    await page.goto('/admin/policy/edit');
    await addRule(page, 'treasury', 'Treasury', '');
    await tryIt(page).click();
    await expect(apply(page)).toBeVisible();
    await expectAccessible(page, 'the draft');
    const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    expect(overflow, 'nothing is wider than the window').toBeLessThanOrEqual(0);
  }
});
