// The demo organisation that stands for its pictures.
import { type BrowserContextOptions, test as base } from '@playwright/test';
import fs from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { createDatabase, dropDatabase, parseAddress } from '../fixtures/postgres.ts';
import { command, makeFolder, type Place, Server } from '../fixtures/program.ts';

/** Where the pictures are that the documents show. */
export const folder = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../../docs/screenshots');

export const desk: BrowserContextOptions = { viewport: { width: 1280, height: 800 } };
export const phone: BrowserContextOptions = { viewport: { width: 390, height: 844 }, deviceScaleFactor: 1.5, isMobile: true, hasTouch: true };

export const test = base.extend<object, { place: Place; demo: string }>({
  place: [async ({}, use) => {
    const place = { address: parseAddress(process.env.DATABASE_URL ?? ''), database: `demo_${process.pid}`, folder: await makeFolder() };
    await createDatabase(place.address, place.database);
    await command(place, ['migrate']);
    await command(place, ['demo', 'seed']);
    await command(place, ['audit', 'key', 'new', '--file', 'audit.key']);
    const configuration = path.join(place.folder, 'Leptos.toml');
    await fs.writeFile(configuration, `[audit]\nkey_file = "audit.key"\n${await fs.readFile(configuration, 'utf8')}`);
    await use(place);
    await dropDatabase(place.address, place.database);
  }, { scope: 'worker' }],
  demo: [async ({ place }, use) => {
    const server = await Server.start(place);
    await use(server.url);
    await server.stop();
  }, { scope: 'worker' }],
});

export { expect } from '@playwright/test';
