// Finding a person to write to: an ARIA combobox.
import type { Locator, Page } from '@playwright/test';

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

  option(name: string): Locator {
    return this.options.filter({ has: this.page.locator('.user_search-name', { hasText: new RegExp(`^${name}$`) }) });
  }
}
