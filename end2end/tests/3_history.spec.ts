// On a server and a Postgres cluster of its own: both are pulled out in the middle.
import { clientId } from '../fixtures/api.ts';
import { writeHistory } from '../fixtures/bulk.ts';
import { Cluster } from '../fixtures/cluster.ts';
import { cutOff, status } from '../fixtures/guard.ts';
import { password } from '../fixtures/names.ts';
import { Person } from '../fixtures/person.ts';
import { createDatabase } from '../fixtures/postgres.ts';
import { command, makeFolder, Server } from '../fixtures/program.ts';
import { scrollTo } from '../fixtures/scroll.ts';
import { site } from '../fixtures/site.ts';
import { expect, test } from '../fixtures/test.ts';

const length = 10_000;

const own = test.extend<{ cluster: Cluster }>({
  cluster: async ({}, use) => {
    const cluster = await Cluster.create(site().address);
    await use(cluster);
    await cluster.remove();
  },
});

own('3. Conversation history is stored and accessible', async ({ browser, guard, cluster }) => {
  test.setTimeout(1_200_000);
  const place = { address: cluster.address, database: 'history', folder: await makeFolder() };
  await createDatabase(place.address, place.database);
  await command(place, ['migrate']);
  const names = ['asha', 'bikram'].map((one) => ({ username: one, displayName: one === 'asha' ? 'Asha Verma' : 'Bikram Rao', department: 'Yard' }));
  for (const name of names) await command(place, ['user', 'create', '--username', name.username, '--name', name.displayName], `${password}\n`);
  let server = await Server.start(place);
  const asha = await Person.arrive(browser, guard, server.url, names[0]);
  const bikram = await Person.arrive(browser, guard, server.url, names[1]);
  const { id } = await asha.api.open(bikram.id);
  const { log, bubbles } = asha.conversation;

  await test.step('what was confirmed survives kill -9 of the server and a crash of the database', async () => {
    await asha.visit(`/messages/${id}`);
    await asha.conversation.write('Written before the crash');
    guard.allow(cutOff);
    guard.allow(status(503));
    // whether the database still wrote down what was read when it crashed, nobody knows: it is acknowledged again
    guard.allow(/status of 500 .*\/rpc\/mark_(read|delivered)\)/);
    await server.kill();
    await cluster.crash();
    await cluster.start();
    server = await Server.start(place, server.port);
    expect((await bikram.api.messages(id)).map((one) => one.body)).toEqual(['Written before the crash']);
    await bikram.visit(`/messages/${id}`);
    await expect(bikram.conversation.bubble('Written before the crash')).toBeVisible();
  });

  await test.step('the pages that stood open go on without a reload', async () => {
    await bikram.conversation.write('Written after the crash');
    await expect(asha.conversation.bubble('Written after the crash')).toBeVisible({ timeout: 40_000 });
  });

  await test.step('a restart of the database alone: the server heals its connections', async () => {
    await cluster.crash();
    const key = clientId();
    // the first ones may find connections that were whole a moment ago, and nobody knows what became of a send on those
    await expect.poll(async () => {
      const answer = await asha.api.fetch('PUT', `/api/v1/conversations/${id}/messages/${key}`, { body: 'into the void' });
      if (answer.status() === 500) expect(await answer.json()).toMatchObject({ code: 'unconfirmed' });
      else expect(answer.headers()['retry-after']).toBeTruthy();
      return answer.status();
    }).toBe(503);
    await cluster.start();
    await expect.poll(async () => (await asha.api.fetch('GET', '/readyz')).status()).toBe(200);
    expect(await asha.api.messages(id)).toHaveLength(2);
  });

  await test.step('10,000 messages scroll back: each once, in order, in at most 300 rows, without a jump', async () => {
    await writeHistory(place.address, place.database, id, [asha.id, bikram.id], length);
    const total = length + 2;
    await asha.api.read(id, total);
    await asha.visit(`/messages/${id}`);
    await expect(asha.conversation.seq(total)).toBeInViewport();
    const journey = await scrollTo(log, 1, 'up');
    expect(journey.fault).toBe('');
    expect(journey.seen).toEqual(Array.from({ length: total }, (_, index) => total - index));
    expect(journey.most).toBeLessThanOrEqual(300);
    expect(journey.jump).toBeLessThan(2);
    expect(journey.pages).toBeGreaterThan(100);
    await expect(asha.conversation.bubble('Written before the crash')).toBeInViewport();
  });

  await test.step('and forward again, then with one step to the newest', async () => {
    const journey = await scrollTo(log, 500, 'down');
    expect(journey.fault).toBe('');
    expect(journey.seen.filter((seq) => seq <= 500)).toEqual(Array.from({ length: 500 }, (_, index) => index + 1));
    expect(journey.most).toBeLessThanOrEqual(300);
    expect(journey.jump).toBeLessThan(2);
    await asha.conversation.jump.click();
    await expect(asha.conversation.seq(length + 2)).toBeInViewport();
    expect(await bubbles.count()).toBeLessThanOrEqual(300);
  });

  await test.step('an address leads into the middle of it', async () => {
    await asha.visit(`/messages/${id}?around=5000`);
    await expect(asha.conversation.seq(5_000)).toBeInViewport();
  });

  await asha.context.close();
  await bikram.context.close();
  await server.stop();
});
