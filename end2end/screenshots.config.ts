// The pictures in docs/screenshots, of the demo organisation: `npm run screenshots`.
import { defineConfig } from '@playwright/test';
import base from './playwright.config.ts';

export default defineConfig(base, { testDir: 'screenshots', workers: 1 });
