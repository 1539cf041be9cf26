// Two people in a real browser. `npm test` (script/test browser) brings a throw-away Postgres and the built program;
// fixtures/global_setup.ts starts the rest. No retries, no skips, no sleeps: what waits, waits for an event.
import { defineConfig } from '@playwright/test';

const flags = [
  '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
  '--disable-background-networking', '--disable-component-update', '--disable-sync',
];

export default defineConfig({
  testDir: 'tests',
  outputDir: 'test-results',
  globalSetup: './fixtures/global_setup.ts',
  fullyParallel: true,
  forbidOnly: !!process.env.CI,
  retries: 0,
  workers: 2,
  // ends what hangs; how fast something has to be is said where it is tested
  timeout: 600_000,
  expect: { timeout: 10_000 },
  reporter: 'list',
  use: {
    actionTimeout: 20_000,
    navigationTimeout: 30_000,
    screenshot: 'only-on-failure',
    launchOptions: { executablePath: process.env.CMS_MESSAGES_CHROMIUM ?? '/usr/bin/chromium', args: flags },
  },
});
