// The list of conversations.
import { expect, type Locator, type Page } from '@playwright/test';
import { NewMessage } from './new_message.ts';

export class InboxPage {
  readonly list: Locator;
  readonly rows: Locator;
  readonly search: Locator;
  readonly newMessage: Locator;

  constructor(readonly page: Page) {
    this.list = page.locator('.conversation_list');
    this.rows = this.list.locator('.conversation_row');
    this.search = this.list.getByRole('searchbox');
    this.newMessage = this.list.getByRole('link', { name: /New message/ }).first();
  }

  row(name: string): Locator {
    return this.rows.filter({ has: this.page.locator('.conversation_row-name', { hasText: new RegExp(`^${name}$`) }) });
  }

  link(name: string): Locator {
    return this.row(name).locator('.conversation_row-link');
  }

  badge(name: string): Locator {
    return this.row(name).locator('.unread_badge');
  }

  async open(name: string): Promise<void> {
    await this.link(name).click();
    await expect(this.page.locator('h1')).toHaveText(name);
  }

  async startNew(): Promise<NewMessage> {
    await this.newMessage.click();
    const dialog = new NewMessage(this.page);
    await expect(dialog.field).toBeVisible();
    return dialog;
  }

  names = (): Promise<string[]> => this.rows.locator('.conversation_row-name').allTextContents();
}
