// What admins write (rules and why, cases, reasons, notes) stays text wherever it is read: by the members whom a rule stops,
// and on every screen of the administration. The guard fails a test on any report of the content security policy.
import type { Page } from '@playwright/test';
import fs from 'node:fs/promises';
import { checkLogs } from '../fixtures/aftermath.ts';
import { expectInert, expectIsolated, expectShown, hostileNames, hostileTexts } from '../fixtures/corpus.ts';
import { cutOff, status } from '../fixtures/guard.ts';
import type { Name } from '../fixtures/names.ts';
import type { Person } from '../fixtures/person.ts';
import { dropDatabase } from '../fixtures/postgres.ts';
import { command } from '../fixtures/program.ts';
import { sealing } from '../fixtures/sealing.ts';
import { expect, test as base } from '../fixtures/test.ts';
import { NewMessage } from '../pages/new_message.ts';

type Office = { url: string; member: Name; peer: Name; stranger: Name; reader: Name; second: Name };

const person = (username: string, displayName: string, department: string): Name => ({ username, displayName, department });
const closed = `${hostileNames[0]} & ${hostileNames[3]}`;
const rightToLeft = 'תפעול';

/** A server of its own: rules are for all of its people, and an export needs a sealed log. */
const test = base.extend<{ office: Office }>({
  office: async ({}, use) => {
    const people = {
      member: person('rule.member', 'Mira Sen', 'Planning'), peer: person('rule.peer', 'Pavel Rao', closed),
      stranger: person('rule.stranger', 'Sonal Dey', closed), reader: person('rule.reader', 'Ravi Nair', 'Board'),
      second: person('rule.second', 'Sara Lobo', 'Board'),
    };
    const { place, server } = await sealing(Object.values(people));
    for (const admin of [people.reader, people.second]) await command(place, ['user', 'set-role', admin.username, 'admin']);
    await use({ url: server.url, ...people });
    await checkLogs(place, server.log);
    await server.stop();
    await dropDatabase(place.address, place.database);
    await fs.rm(place.folder, { recursive: true, force: true });
  },
});

/** The texts as sentences of a rule: in one line, as many as fit into it. */
function reasons(): string[] {
  const found: string[] = [];
  for (const text of hostileTexts) {
    const together = [found.at(-1) ?? '', text].join(' ').trim();
    if (found.length > 0 && together.length <= 300) found[found.length - 1] = together;
    else found.push(text);
  }
  return found;
}

const rule = (department: string, reason: string): object => ({ name: 'closed', to: { department }, effect: 'deny', actions: ['open', 'send'], reason });

async function apply(admin: Person, rules: object[], note: string): Promise<void> {
  const { version } = await admin.api.json<{ version: number }>('GET', '/admin/policy');
  await admin.api.json('PUT', '/admin/policy', { rules, note, expected_version: version });
}

/** The page is what it was asked for, and shows these texts to the letter. */
async function look(page: Page, path: string, texts: string[] = []): Promise<void> {
  page.removeAllListeners('dialog');
  page.on('dialog', (dialog) => {
    throw new Error(`${path} opened a dialog: ${dialog.message()}`);
  });
  await page.goto(path);
  for (const text of texts) await expectShown(page, text, path);
  await expectInert(page, path);
}

test('the rules of a policy stop people with nothing but text', async ({ office, arrive, guard }) => {
  test.slow();
  for (const code of [403, 422]) guard.allow(status(code));
  const { url } = office;
  const [member, plain] = [await arrive({ url }, office.member), await arrive({ url, javaScriptEnabled: false }, office.member)];
  const peer = await arrive({ url }, office.peer);
  const admin = await arrive({ url }, office.reader);
  const { id } = await member.api.open(peer.id);
  await member.visit(`/messages/${id}`);
  const search = new NewMessage(await member.newTab('/messages'));
  await search.open();
  await search.field.fill('rule.stranger');
  await expect(search.options).toHaveCount(1);

  for (const reason of reasons()) {
    await plain.page.goto('/messages/new?q=rule.stranger');
    const opens = plain.page.getByRole('button', { name: office.stranger.displayName });
    const couldOpen = (await opens.count()) > 0;
    await apply(admin, [rule(closed, reason)], reason);
    await test.step('while the page is open, and hydrated', async () => {
      await expect(member.conversation.closed).toContainText(reason.replace(/\s+/g, ' ').trim());
      await expectInert(member.page, reason);
      await expect(search.options).toContainText(reason.replace(/\s+/g, ' ').trim());
      await expectInert(search.page, reason);
      for (const path of [`/messages/${id}`, '/messages/new?q=rule.stranger']) {
        await member.visit(path);
        await expectShown(member.page, reason, path);
        await expectInert(member.page, path);
      }
      await member.visit(`/messages/${id}`);
    });
    await test.step('rendered by the server, and as the answer to a form', async () => {
      if (couldOpen) {
        await opens.click();
        await expectShown(plain.page, reason, 'a refused form');
        await expectInert(plain.page, 'a refused form');
      }
      for (const path of [`/messages/${id}`, '/messages/new?q=rule.stranger']) await look(plain.page, path, [reason]);
    });
    await test.step('where admins change them and ask why', async () => {
      await look(admin.page, '/admin/policy', [reason, closed]);
      await look(admin.page, '/admin/policy?from=rule.member&to=rule.stranger&action=send', [reason]);
      await expect(admin.page.locator('.policy_answer')).toContainText(reason.replace(/\s+/g, ' ').trim());
      await look(admin.page, '/admin/policy/edit', [reason, closed]);
      // another department, so that there is something to tell
      await admin.page.locator('#r0_to_department').fill(hostileNames[1]);
      await admin.page.getByRole('button', { name: 'See what it would do' }).last().click();
      await expect(admin.page.locator('.policy_problems')).toContainText(hostileNames[1]);
      await expect(admin.page.locator('.data_table')).toContainText(closed);
      await expectInert(admin.page, 'what other rules would do');
      await look(admin.page, '/admin/audit');
    });
  }
  await test.step('a name of a rule that is none comes back as it was typed', async () => {
    await admin.page.goto('/admin/policy/edit');
    for (const name of hostileNames) {
      await admin.page.locator('#r0_name').fill(name.slice(0, 64));
      await admin.page.getByRole('button', { name: 'See what it would do' }).last().click();
      await expect(admin.page.locator('#r0_name')).toHaveAttribute('aria-invalid', 'true');
      await expect(admin.page.locator('#r0_name')).toHaveValue(name.slice(0, 64));
      await expectInert(admin.page, name);
    }
  });
  await test.step('a reason that runs the other way turns nothing around it around', async () => {
    const reason = `\u202e${rightToLeft} 10:30`;
    await apply(admin, [rule(closed, reason)], reason);
    await expect(member.conversation.closed).toContainText(rightToLeft);
    for (const one of [member, plain]) {
      for (const path of [`/messages/${id}`, '/messages/new?q=rule.stranger']) {
        if (one === member) await member.visit(path);
        else await plain.page.goto(path);
        await expectIsolated(one.page, [rightToLeft], path);
      }
    }
    for (const path of ['/admin/policy', '/admin/policy?from=rule.member&to=rule.stranger']) {
      await admin.page.goto(path);
      await expectIsolated(admin.page, [rightToLeft], path);
    }
  });
});

test('reviews and what is taken away of them show cases, reasons and notes as text', async ({ office, arrive, guard }) => {
  test.slow();
  guard.allow(status(422));
  // a download leaves the page that it was asked for on
  guard.allow(cutOff);
  const { url } = office;
  const [member, peer] = [await arrive({ url }, office.member), await arrive({ url }, office.peer)];
  const [reader, second] = [await arrive({ url }, office.reader), await arrive({ url }, office.second)];
  const { id } = await member.api.open(peer.id);
  await member.api.sendMany(id, ['Good morning', ...hostileTexts]);
  await expect(async () => {
    await reader.page.goto('/admin/audit');
    await expect(reader.page.getByText('Sealed up to entry')).toBeVisible();
  }).toPass();
  // of every kind one: an element, the end of a title, an attribute, the other direction
  const cases = [hostileNames[0], hostileNames[1], hostileNames[3], `${rightToLeft} 118`];
  const texts = `${hostileTexts.join('\n')}\n\u202e${rightToLeft} 10:30`.slice(0, 1_900);

  for (const case_id of cases) {
    const asked = await reader.api.json<{ id: string }>('POST', '/admin/reviews', {
      case_id, category: 'complaint', reason: texts, scope: { conversation_id: id }, from: '2020-01-01T00:00:00Z', until: '2100-01-01T00:00:00Z',
    });
    const review = `/admin/reviews/${asked.id}`;
    await look(second.page, review, [case_id, texts]);
    expect(await second.page.title(), 'the title is the case, and nothing after it').toBe(`Review ${case_id} · Tarang CMS`.replaceAll('<', '‹'));
    await second.page.getByLabel('Your note').fill(texts);
    await second.page.getByRole('button', { name: /^Approve/ }).click();
    await expect(second.page.getByText('Approved by a second person')).toBeVisible();
    await expectInert(second.page, 'a review that was approved');
    await look(reader.page, review, [case_id, texts]);
    await reader.page.getByRole('button', { name: 'Ask to take it away' }).click();
    await expect(reader.page.getByText('Another admin decides on this page.')).toBeVisible();
    await expectInert(reader.page, 'an export that waits');

    await second.page.goto(review);
    // browsers keep to the most characters of a field: a longer note comes from elsewhere
    await second.page.locator('#export_note').evaluate((field) => field.removeAttribute('maxlength'));
    await second.page.locator('#export_note').fill(`${texts}${texts}`);
    await second.page.getByRole('button', { name: 'Release' }).click();
    await expect(second.page.getByRole('alert').first()).toContainText('A note has at most');
    await expectShown(second.page, `${texts}${texts}`, 'a refused note');
    await expectInert(second.page, 'a refused note');
    await second.page.locator('#export_note').fill(texts);
    await second.page.getByRole('button', { name: 'Release' }).click();
    await expect(second.page.locator('.review_exports')).toContainText('up to entry');
    await expectShown(second.page, texts, 'a note of a release');
    await expectInert(second.page, 'a note of a release');

    const download = reader.page.waitForEvent('download');
    await reader.page.goto(review);
    await reader.page.getByRole('button', { name: 'Download' }).click();
    expect((await download).suggestedFilename()).toBe(`review-${asked.id}.tar`);
    await (await download).delete();
    for (const path of [review, '/admin/reviews', '/admin/audit', `${review}/conversations`, `${review}/conversations/${id}`]) {
      await look(reader.page, path, path.includes('audit') ? [] : [case_id]);
    }
    for (const path of [review, '/admin/reviews', `${review}/conversations/${id}`]) {
      await reader.page.goto(path);
      if (path !== '/admin/reviews' || case_id.includes(rightToLeft)) await expectIsolated(reader.page, [rightToLeft], path);
    }
    await second.api.json('POST', `${review}/end`);
  }
  await test.step('the two are told, and nothing that was written', async () => {
    await member.visit(`/messages/${id}`);
    await member.page.getByRole('button', { name: 'Reviewed' }).click();
    await expect(member.page.locator('#reviews')).toContainText('a copy was taken away');
    await expect(member.page.locator('#reviews')).not.toContainText(rightToLeft);
    await expectInert(member.page, 'what the two are told');
  });
});
