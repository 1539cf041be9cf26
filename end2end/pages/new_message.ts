// Finding a person to write to: an ARIA combobox in a dialog over the page.
import { expect, type Locator, type Page } from '@playwright/test';

export class NewMessage {
  readonly field: Locator;
  readonly options: Locator;
  readonly count: Locator;
  readonly close: Locator;

  constructor(readonly page: Page) {
    this.field = page.getByRole('combobox');
    this.options = page.getByRole('option');
    this.count = page.locator('.user_search-count');
    this.close = page.getByRole('dialog').getByText('Close', { exact: true }).locator('..');
  }

  /** Opens the dialog; the address of its link is the same search as a plain page. */
  async open(): Promise<void> {
    await this.page.getByRole('link', { name: /New message/ }).first().click();
    await expect(this.field).toBeVisible();
  }

  option(name: string): Locator {
    return this.options.filter({ has: this.page.locator('.user_search-name', { hasText: new RegExp(`^${name}$`) }) });
  }
}
