// Two admins and two members: a review is asked for, agreed to, read and ended, and the two are told. Without a script
// everywhere: the screens of admins have none.
import type { Page } from '@playwright/test';
import { expectAccessible } from '../fixtures/axe.ts';
import { status } from '../fixtures/guard.ts';
import type { Person } from '../fixtures/person.ts';
import { cms } from '../fixtures/site.ts';
import { expect, test } from '../fixtures/test.ts';

const secret = 'The heron stands in the dry dock.';

const makeAdmin = (person: Person): Promise<string> => cms(['user', 'set-role', person.name.username, 'admin']);

/** Fills the form of a request for the conversation of these two, and sends it. */
async function request(page: Page, one: Person, other: Person, caseId: string): Promise<void> {
  await page.goto('/admin/reviews/new');
  await page.getByLabel('Person').fill(one.name.username);
  await page.getByLabel('Their conversation with').fill(other.displayName);
  await page.getByLabel('First day').fill('2020-01-01');
  await page.getByLabel('Last day').fill('2099-12-31');
  await page.getByLabel('Case').fill(caseId);
  await page.getByLabel('Kind of reason').selectOption('Complaint');
  await page.getByLabel('Reason', { exact: true }).fill('Gate passes were promised outside of the tender.');
  await page.getByRole('button', { name: 'Send the request' }).click();
}

for (const scripted of [true, false]) {
  test(`a review: asked for, agreed to, read, told (${scripted ? 'with' : 'without'} JavaScript)`, async ({ arrive, guard }) => {
    const options = scripted ? {} : { javaScriptEnabled: false };
    const [asha, bikram] = [await arrive(options), await arrive()];
    const [reader, second] = [await arrive(options), await arrive(options)];
    await Promise.all([makeAdmin(reader), makeAdmin(second)]);
    const { id } = await asha.api.open(bikram.id);
    await asha.api.send(id, secret);
    await bikram.api.read(id, 1);
    const caseId = `TP-${asha.name.username}`;

    await request(reader.page, asha, bikram, caseId);
    await expect(reader.page.getByRole('heading', { name: `Review ${caseId}` })).toBeVisible();
    await expect(reader.page.getByRole('heading', { name: 'Another admin decides' })).toBeVisible();
    const review = new URL(reader.page.url()).pathname;

    await test.step('nothing can be read before', async () => {
      guard.allow(status(403));
      const answer = await reader.page.goto(`${review}/conversations/${id}`);
      expect(answer?.status()).toBe(403);
      await expect(reader.page.locator('body')).not.toContainText(secret);
    });

    await test.step('a second admin agrees', async () => {
      await second.page.goto('/admin/reviews');
      await second.page.getByRole('link', { name: caseId }).click();
      await expect(second.page.locator('body')).toContainText('Gate passes were promised');
      await expect(second.page.locator('body')).not.toContainText(secret);
      await second.page.getByLabel('Your note').fill('Agreed, the works council knows.');
      await second.page.getByRole('button', { name: /Approve for 8 hours/ }).click();
      await expect(second.page.getByRole('heading', { name: 'Open for reading' })).toBeVisible();
    });

    await test.step('who asked reads, marked as recorded', async () => {
      await reader.page.goto(review);
      await reader.page.getByRole('link', { name: 'Read the conversation' }).click();
      await expect(reader.page.getByText(secret)).toBeVisible();
      await expect(reader.page.getByText('this is being recorded')).toBeInViewport();
      const row = reader.page.locator('#seq_1');
      await expect(row).toContainText(`${asha.displayName} · 1`);
      for (const word of ['Sent', 'Delivered', 'Read']) await expect(row.locator('dt', { hasText: word })).toBeVisible();
      await expect(row.locator('time')).toHaveCount(3);
      await expect(reader.page.locator('textarea')).toHaveCount(0);
      // one page, and no empty landmark for others
      await expect(reader.page.getByRole('navigation', { name: 'Pages of the conversation' })).toHaveCount(0);
      await expect(reader.page.getByRole('link', { name: 'The review' })).toHaveAttribute('href', review);
    });

    await test.step('the two see it in their conversation, without the name and the case', async () => {
      for (const person of [asha, bikram]) {
        await person.visit(`/messages/${id}`);
        await person.page.getByRole('button', { name: 'Reviewed' }).click();
        const told = person.page.locator('#reviews');
        await expect(told).toBeVisible();
        await expect(told).toContainText('Complaint');
        await expect(told).toContainText('Read by an administrator, 1 page');
        for (const kept of [reader.displayName, second.displayName, caseId, 'Gate passes']) await expect(told).not.toContainText(kept);
      }
    });

    await test.step('it ends, and nothing more is read', async () => {
      await reader.page.getByRole('button', { name: 'End the review' }).click();
      await expect(reader.page.getByRole('heading', { name: 'This review is over' })).toBeVisible();
      guard.allow(status(403));
      expect((await reader.page.goto(`${review}/conversations/${id}`))?.status()).toBe(403);
    });

    await test.step('each step stands in the log', async () => {
      await reader.page.goto('/admin/audit');
      await reader.page.getByLabel('Person').fill(reader.name.username);
      await reader.page.getByLabel('Action').selectOption('Review read');
      await reader.page.getByRole('button', { name: 'Apply' }).click();
      await expect(reader.page.locator('.data_table tbody tr')).toHaveCount(1);
      await expect(reader.page.locator('.data_table tbody')).toContainText(reader.displayName);
      await expect(reader.page.locator('.data_table')).not.toContainText(secret);
    });
  });
}

test('a request that was refused keeps what was typed and says why beside the field', async ({ arrive, guard }) => {
  const [asha, reader] = [await arrive(), await arrive()];
  await makeAdmin(reader);
  const page = reader.page;
  await page.goto('/admin/reviews/new');
  await page.getByLabel('Person').fill(asha.name.username);
  await page.getByLabel('First day').fill('2026-01-01');
  await page.getByLabel('Last day').fill('2026-02-01');
  await page.getByLabel('Case').fill('C-1');
  await page.getByLabel('Kind of reason').selectOption('Other');
  await page.getByLabel('Reason', { exact: true }).fill('too short');
  guard.allow(status(422));
  await page.getByRole('button', { name: 'Send the request' }).click();
  await expect(page.getByRole('alert')).toContainText('at least 20 characters');
  const reason = page.getByLabel('Reason', { exact: true });
  await expect(reason).toHaveValue('too short');
  await expect(reason).toHaveAttribute('aria-invalid', 'true');
  await expect(page.getByLabel('Case')).toHaveValue('C-1');
  await expect(page.getByLabel('Kind of reason')).toHaveValue('other');
  await expectAccessible(page, 'a refused request');
});

test('members have no entry to the administration, and none by its address', async ({ asha, guard }) => {
  await asha.visit('/messages');
  await expect(asha.page.getByRole('link', { name: 'Admin' })).toHaveCount(0);
  guard.allow(status(403));
  for (const path of ['/admin/audit', '/admin/reviews', '/admin/reviews/new']) {
    expect((await asha.page.goto(path))?.status(), path).toBe(403);
    await expect(asha.page.getByRole('heading', { name: 'This is for administrators' })).toBeVisible();
    await expect(asha.page.getByRole('link', { name: 'Admin' })).toHaveCount(0);
  }
  await expectAccessible(asha.page, 'the refusal');
});

test('the administration is reached from the menu and works by keyboard alone', async ({ arrive }) => {
  const reader = await arrive();
  await makeAdmin(reader);
  await reader.visit('/messages');
  await reader.page.getByRole('link', { name: 'Admin' }).press('Enter');
  await expect(reader.page).toHaveURL(/\/admin\/audit$/);
  expect(await reader.page.locator('script').count()).toBe(0);
  await reader.page.keyboard.press('Tab');
  await expect(reader.page.getByRole('link', { name: 'Skip to content' })).toBeFocused();
  await reader.page.keyboard.press('Enter');
  await reader.page.keyboard.press('Tab');
  await expect(reader.page.getByRole('button', { name: 'Export these entries' })).toBeFocused();
  const download = reader.page.waitForEvent('download');
  await reader.page.keyboard.press('Enter');
  expect((await download).suggestedFilename()).toBe('audit-entries.jsonl');
});

for (const [look, options] of [
  ['light', { colorScheme: 'light' }],
  ['dark', { colorScheme: 'dark' }],
  ['a telephone', { viewport: { width: 360, height: 740 }, isMobile: true, hasTouch: true }],
] as const) {
  test(`the screens of admins are accessible: ${look}`, async ({ arrive }) => {
    const [asha, bikram, reader, second] = [await arrive(), await arrive(), await arrive(options), await arrive()];
    await Promise.all([makeAdmin(reader), makeAdmin(second)]);
    const { id } = await asha.api.open(bikram.id);
    await asha.api.sendMany(id, Array.from({ length: 60 }, (_, number) => `message ${number}`));
    const page = reader.page;
    await request(page, asha, bikram, `C-${look}`);
    const review = new URL(page.url()).pathname;
    await expectAccessible(page, 'a request');
    await second.api.json('POST', `${review}/approve`, {});
    for (const path of [review, `${review}/conversations/${id}`, '/admin/reviews', '/admin/reviews/new', '/admin/audit']) {
      await page.goto(path);
      await expectAccessible(page, path);
      await expectNoSidewaysScroll(page, path);
    }
    await page.goto(`${review}/conversations/${id}`);
    await page.locator('#seq_50').scrollIntoViewIfNeeded();
    await expect(page.getByText('this is being recorded')).toBeInViewport();
    await page.getByRole('link', { name: 'Next page' }).click();
    await expect(page.locator('#seq_60')).toBeAttached();
    await expect(page.locator('#seq_50')).toHaveCount(0);
    await page.goto('/admin/audit');
    await page.getByText('Not sealed').first().waitFor();
    await expectWholeRows(page);
  });
}

/** Each cell of a table is in sight without scrolling sideways: on a telephone its row is a card, whose cells say what they are. */
async function expectWholeRows(page: Page): Promise<void> {
  const row = page.locator('.data_table tbody tr').first();
  const width = page.viewportSize()?.width ?? 0;
  for (const cell of await row.getByRole('cell').all()) {
    const box = await cell.boundingBox();
    if (box !== null) expect(box.x + box.width, await cell.innerText()).toBeLessThanOrEqual(width);
  }
  if (width > 600) return;
  const first = row.getByRole('cell').first();
  await expect(first).toHaveAttribute('data-label', 'Time');
  expect(await first.evaluate((cell) => getComputedStyle(cell, '::before').content)).not.toBe('none');
  // it stays a table for who cannot see it
  await expect(page.getByRole('table').getByRole('columnheader')).toHaveCount(7);
}

async function expectNoSidewaysScroll(page: Page, path: string): Promise<void> {
  const beyond = await page.locator('main').evaluate((main) => main.scrollWidth - main.clientWidth);
  expect(beyond, `${path} scrolls sideways`).toBeLessThanOrEqual(0);
}
