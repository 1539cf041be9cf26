// Two admins on a server that seals: what lies in the scope of a review is asked for, released, downloaded, and verified by
// the program; the two are told. The screens of admins have no script.
import fs from 'node:fs/promises';
import path from 'node:path';
import { checkLogs } from '../fixtures/aftermath.ts';
import { expectAccessible } from '../fixtures/axe.ts';
import { cutOff } from '../fixtures/guard.ts';
import { dropDatabase } from '../fixtures/postgres.ts';
import { command } from '../fixtures/program.ts';
import { sealing } from '../fixtures/sealing.ts';
import { takePerson } from '../fixtures/site.ts';
import { expect, test } from '../fixtures/test.ts';

const secret = 'The heron stands in the dry dock.';

test('a review is taken away: asked for, released by a second admin, downloaded, verified, told', async ({ arrive, guard }) => {
  const names = await Promise.all([1, 2, 3, 4].map(takePerson));
  const { place, server, vkey } = await sealing(names);
  try {
    const options = { url: server.url };
    const [asha, bikram] = [await arrive({ url: server.url }, names[0]), await arrive({ url: server.url }, names[1])];
    const [reader, second] = [await arrive(options, names[2]), await arrive(options, names[3])];
    for (const admin of [reader, second]) await command(place, ['user', 'set-role', admin.name.username, 'admin']);
    const { id } = await asha.api.open(bikram.id);
    await asha.api.send(id, secret);
    await bikram.api.send(id, '=1+1');
    await bikram.api.read(id, 1);

    const requested = await reader.api.json('POST', '/admin/reviews', {
      case_id: 'TP-118', category: 'complaint', reason: 'Gate passes were promised outside of the tender.',
      scope: { conversation_id: id }, from: '2020-01-01T00:00:00Z', until: '2100-01-01T00:00:00Z',
    });
    const review = `/admin/reviews/${(requested as { id: string }).id}`;
    await second.api.json('POST', `${review}/approve`, {});
    // what is not sealed is not covered
    await expect.poll(async () => (await reader.page.request.get(`${server.url}/api/v1/audit/checkpoint`)).status()).toBe(200);
    await reader.page.goto('/admin/audit');
    await expect(async () => {
      await reader.page.reload();
      await expect(reader.page.getByText('Not sealed')).toHaveCount(0);
    }).toPass();

    await test.step('who reads asks for it', async () => {
      await reader.page.goto(review);
      await expectAccessible(reader.page, 'a review that can be taken away');
      await reader.page.getByRole('button', { name: 'Ask to take it away' }).click();
      await expect(reader.page.getByRole('heading', { name: 'Taken away' })).toBeVisible();
      await expect(reader.page.getByText('Another admin decides on this page.')).toBeVisible();
      await expect(reader.page.getByRole('button', { name: 'Download' })).toHaveCount(0);
    });

    await test.step('a second admin releases it', async () => {
      await second.page.goto(review);
      await expectAccessible(second.page, 'an export that waits');
      await second.page.getByLabel('Your note').fill('The works council knows.');
      await second.page.getByRole('button', { name: 'Release' }).click();
      await expect(second.page.getByText('The works council knows.')).toBeVisible();
      await expect(second.page.getByRole('button', { name: 'Download' })).toHaveCount(0);
    });

    const file = path.join(place.folder, 'taken.tar');
    await test.step('who asked downloads it', async () => {
      await reader.page.goto(review);
      const download = reader.page.waitForEvent('download');
      await reader.page.getByRole('button', { name: 'Download' }).press('Enter');
      const taken = await download;
      expect(taken.suggestedFilename()).toBe(`review-${(requested as { id: string }).id}.tar`);
      await taken.saveAs(file);
      await reader.page.reload();
      await expect(reader.page.getByText('Taken once')).toBeVisible();
      await expectAccessible(reader.page, 'an export that was taken');
      await expectNoSidewaysScroll(reader);
    });

    await test.step('the program verifies it, and finds what was changed', async () => {
      const said = await command(place, ['audit', 'verify', file, '--key', vkey]);
      expect(said).toContain('GOOD: ');
      expect(said).toContain('2 messages in 1 conversations');
      const content = await fs.readFile(file, 'utf8');
      expect(content).toContain(secret);
      expect(content).toContain(`"'=1+1"`);
      await fs.writeFile(file, content.replace('heron', 'egret'));
      await expect(command(place, ['audit', 'verify', file, '--key', vkey])).rejects.toThrow(/ended with 1/);
    });

    await test.step('the two are told', async () => {
      for (const person of [asha, bikram]) {
        await person.visit(`/messages/${id}`);
        await person.page.getByRole('button', { name: 'Reviewed' }).click();
        const told = person.page.locator('#reviews');
        await expect(told).toContainText('a copy was taken away');
        for (const kept of [reader.displayName, second.displayName, 'TP-118']) await expect(told).not.toContainText(kept);
      }
    });

    await test.step('with the review it ends', async () => {
      await second.page.goto(review);
      const end = second.page.getByRole('button', { name: 'End the review' });
      await end.click();
      await expect(end).toHaveCount(0);
      await reader.page.goto(review);
      await expect(reader.page.getByRole('button', { name: 'Download' })).toHaveCount(0);
    });
    guard.allow(/ERR_ABORTED/);
    await checkLogs(place, server.log);
  } finally {
    // the pages of the two stand open, and ask for more
    guard.allow(cutOff);
    await server.stop();
    await dropDatabase(place.address, place.database);
    await fs.rm(place.folder, { recursive: true, force: true });
  }
});

async function expectNoSidewaysScroll({ page }: { page: import('@playwright/test').Page }): Promise<void> {
  for (const width of [1280, 360]) {
    await page.setViewportSize({ width, height: 800 });
    const beyond = await page.locator('main').evaluate((main) => main.scrollWidth - main.clientWidth);
    expect(beyond, `at ${width} it scrolls sideways`).toBeLessThanOrEqual(0);
  }
}
