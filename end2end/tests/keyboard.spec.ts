import { expect, test } from '../fixtures/test.ts';

test('the main path by keyboard alone', async ({ asha, bikram, chitra }) => {
  await chitra.api.send((await chitra.api.open(asha.id)).id, 'Good morning');
  await asha.visit('/messages');
  const { keyboard } = asha.page;

  await test.step('the first stop skips to the content', async () => {
    await keyboard.press('Tab');
    await expect(asha.page.locator('.skip_link')).toBeFocused();
    await keyboard.press('Enter');
    await expect(asha.page.locator('#main')).toBeFocused();
  });

  await test.step('N starts a new message, arrows choose, Enter opens', async () => {
    await keyboard.press('n');
    await expect(asha.page.getByRole('combobox')).toBeFocused();
    await keyboard.type(bikram.displayName);
    const option = asha.page.getByRole('option').filter({ hasText: bikram.displayName }).first();
    await expect(asha.page.locator('.user_search-count')).toContainText(`for “${bikram.displayName}”`);
    await expect(option).toBeVisible();
    while ((await option.getAttribute('aria-selected')) !== 'true') await keyboard.press('ArrowDown');
    await keyboard.press('Enter');
    await expect(asha.conversation.title).toHaveText(bikram.displayName);
    await expect(asha.conversation.field).toBeFocused();
  });

  await test.step('n is a letter in the composer', async () => {
    await keyboard.type('no news');
    await expect(asha.conversation.field).toHaveValue('no news');
    await keyboard.press('Enter');
    await expect(asha.conversation.bubble('no news')).toHaveAttribute('data-status', 'sent');
  });

  await test.step('Escape goes back to the row, arrows walk through the inbox, Enter opens', async () => {
    await keyboard.press('Escape');
    await expect(asha.inbox.link(bikram.displayName)).toBeFocused();
    await keyboard.press('ArrowDown');
    await expect(asha.inbox.link(chitra.displayName)).toBeFocused();
    await keyboard.press('Home');
    await expect(asha.inbox.link(bikram.displayName)).toBeFocused();
    await keyboard.press('End');
    await expect(asha.inbox.link(chitra.displayName)).toBeFocused();
    await keyboard.press('Enter');
    await expect(asha.conversation.title).toHaveText(chitra.displayName);
  });

  await test.step('the log is a stop, and scrolls', async () => {
    await asha.conversation.log.focus();
    await expect(asha.conversation.log).toBeFocused();
  });

  await test.step('every stop can be seen', async () => {
    await asha.page.locator('body').press('Home');
    await asha.page.evaluate(() => (document.activeElement as HTMLElement | null)?.blur());
    for (let stop = 0; stop < 12; stop += 1) {
      await keyboard.press('Tab');
      const visible = await asha.page.evaluate(() => {
        const active = document.activeElement;
        if (!active || active === document.body) return true;
        const style = getComputedStyle(active);
        const around = active.closest('form, .composer-field');
        const outlined = style.outlineStyle !== 'none' || style.boxShadow !== 'none' || (around !== null && getComputedStyle(around).outlineStyle !== 'none');
        return active.getBoundingClientRect().width > 0 && outlined ? true : active.outerHTML.slice(0, 200);
      });
      expect(visible).toBe(true);
    }
  });
});
