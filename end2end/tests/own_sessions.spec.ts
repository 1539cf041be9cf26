// Where one is signed in: the list in the settings, and ending what one does not know.
import type { Locator } from '@playwright/test';
import { status } from '../fixtures/guard.ts';
import type { Options, Person } from '../fixtures/person.ts';
import { expect, test } from '../fixtures/test.ts';

const firefox: Options = { userAgent: 'Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:128.0) Gecko/20100101 Firefox/128.0' };
const safari: Options = { userAgent: 'Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1' };

const section = (person: Person): Locator => person.page.getByRole('region', { name: 'Where you are signed in' });
const sessions = (person: Person): Locator => section(person).getByRole('listitem');

test('what one does not know is signed out from the settings, and its open page with it', async ({ arrive, asha, guard }) => {
  guard.allow(status(401));
  guard.allow(status(404));
  const windows = await arrive(firefox, asha.name);
  const phone = await arrive(safari, asha.name);
  const desk = asha.page;
  for (const one of [windows, phone]) await one.visit('/messages');
  await asha.visit('/settings');
  await expect(sessions(asha)).toHaveCount(3);
  await expect(sessions(asha).first()).toContainText('This browser');
  await expect(sessions(asha).first().getByRole('button')).toHaveCount(0);
  await expect(sessions(asha).getByText('This browser')).toHaveCount(1);

  const row = sessions(asha).filter({ hasText: 'Firefox on Windows' });
  await row.getByRole('button', { name: 'Sign out Firefox on Windows' }).click();
  await expect(section(asha).getByRole('status')).toHaveText('That session has ended.');
  await expect(desk, 'in place').toHaveURL(/\/settings$/);
  await expect(row).toHaveCount(0);
  await expect(desk.getByRole('heading', { name: 'Where you are signed in' })).toBeFocused();
  await expect(windows.page).toHaveURL(/\/sign_in/);
  expect((await phone.api.fetch('GET', '/api/v1/me')).status()).toBe(200);

  await test.step('one that has ended meanwhile is no mistake', async () => {
    const third = await arrive(firefox, asha.name);
    await asha.visit('/settings');
    await expect(sessions(asha)).toHaveCount(3);
    expect((await third.api.fetch('DELETE', '/api/v1/session')).status()).toBe(204);
    await row.getByRole('button').click();
    await expect(section(asha).getByRole('status')).toHaveText('That session had ended already.');
    await expect(sessions(asha)).toHaveCount(2);
  });

  await section(asha).getByRole('button', { name: 'Sign out everywhere else' }).press('Enter');
  await expect(section(asha).getByRole('status')).toHaveText('You are signed out everywhere else.');
  await expect(sessions(asha)).toHaveCount(1);
  await expect(section(asha).getByRole('button')).toHaveCount(0);
  await expect(phone.page).toHaveURL(/\/sign_in/);
  expect((await asha.api.fetch('GET', '/api/v1/me')).status()).toBe(200);
});

test('a refusal stands beside the list, and the list stays', async ({ arrive, asha, guard }) => {
  guard.allow(status(503));
  await arrive(firefox, asha.name);
  await asha.visit('/settings');
  await asha.page.route('**/rpc/end_o*', (route) => route.fulfill({
    status: 503, contentType: 'application/json', body: JSON.stringify({ code: 'unavailable', detail: 'The service cannot be reached right now.' }),
  }));
  for (const name of ['Sign out Firefox on Windows', 'Sign out everywhere else']) {
    await section(asha).getByRole('button', { name }).click();
    await expect(section(asha).getByText('The service cannot be reached right now.')).toBeVisible();
    await expect(sessions(asha)).toHaveCount(2);
  }
  await asha.page.unroute('**/rpc/end_o*');
  await section(asha).getByRole('button', { name: 'Sign out Firefox on Windows' }).click();
  await expect(sessions(asha)).toHaveCount(1);
  await expect(section(asha).locator('.field-error')).toHaveCount(0);
});

test('without JavaScript: the sessions are listed, and ended one by one or all but this one', async ({ arrive, guard }) => {
  guard.allow(status(401));
  guard.allow(status(404));
  const asha = await arrive({ javaScriptEnabled: false });
  const windows = await arrive({ ...firefox, javaScriptEnabled: false }, asha.name);
  const phone = await arrive({ ...safari, javaScriptEnabled: false }, asha.name);
  await asha.page.goto('/settings');
  await expect(sessions(asha)).toHaveCount(3);
  await expect(sessions(asha).filter({ hasText: 'This browser' })).toHaveCount(1);
  await expect(sessions(asha).first().locator('time').first()).toContainText('UTC');
  await section(asha).getByRole('button', { name: 'Sign out Firefox on Windows' }).click();
  await expect(asha.page).toHaveURL(/\/settings\?ended=one#sessions$/);
  await expect(section(asha).getByText('That session has ended.')).toBeInViewport();
  await expect(sessions(asha)).toHaveCount(2);
  await windows.page.goto('/messages');
  await expect(windows.page).toHaveURL(/\/sign_in/);

  await test.step('one that has ended meanwhile', async () => {
    expect((await phone.api.fetch('DELETE', '/api/v1/session')).status()).toBe(204);
    await section(asha).getByRole('button', { name: 'Sign out Safari on iPhone' }).click();
    await expect(section(asha).locator('.field-error')).toBeVisible();
    await expect(sessions(asha)).toHaveCount(1);
  });

  const another = await arrive({ ...safari, javaScriptEnabled: false }, asha.name);
  await asha.page.goto('/settings');
  await section(asha).getByRole('button', { name: 'Sign out everywhere else' }).click();
  await expect(asha.page).toHaveURL(/\/settings\?ended=others#sessions$/);
  await expect(section(asha).getByText('You are signed out everywhere else.')).toBeInViewport();
  await expect(section(asha).getByRole('button')).toHaveCount(0);
  await another.page.goto('/messages');
  await expect(another.page).toHaveURL(/\/sign_in/);
});

test('on a phone: the sessions fit, and no keys are offered where there is no keyboard', async ({ arrive }) => {
  const asha = await arrive({ viewport: { width: 320, height: 720 }, isMobile: true, hasTouch: true });
  const { page } = asha;
  await arrive({ userAgent: `Mozilla/5.0 ${'averylongnamewithoutanyspace'.repeat(6)}` }, asha.name);
  await asha.visit('/settings');
  await expect(sessions(asha)).toHaveCount(2);
  for (const dir of ['ltr', 'rtl']) {
    await page.evaluate((dir) => (document.documentElement.dir = dir), dir);
    expect(await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth), dir).toBe(0);
    for (const button of await section(asha).getByRole('button').all()) {
      const box = await button.boundingBox();
      expect(box?.height, dir).toBeGreaterThanOrEqual(44);
      expect((box?.x ?? -1) >= 0 && (box?.x ?? 0) + (box?.width ?? 999) <= 320, dir).toBe(true);
    }
  }
  await expect(page.getByLabel('Show notifications')).toBeAttached();
  await expect(page.getByLabel('Single-letter keys')).toBeHidden();
  const desk = await arrive({}, asha.name);
  await desk.visit('/settings');
  await expect(desk.page.getByLabel('Single-letter keys')).toBeVisible();
});
