// The open conversation: log, bubbles, composer.
import { expect, type Locator, type Page } from '@playwright/test';

const WORDS = {
  sent: 'Sent', delivered: 'Delivered', read: 'Read', failed: 'Not sent', queued: 'Waiting', unconfirmed: 'Not confirmed, trying again',
};

export class ConversationPage {
  readonly pane: Locator;
  readonly title: Locator;
  readonly log: Locator;
  readonly bubbles: Locator;
  readonly composer: Locator;
  readonly field: Locator;
  readonly send: Locator;
  readonly counter: Locator;
  readonly newLine: Locator;
  readonly jump: Locator;
  readonly closed: Locator;
  readonly back: Locator;

  constructor(readonly page: Page) {
    this.pane = page.locator('section.conversation');
    this.title = page.getByRole('heading', { level: 1 });
    this.log = page.getByRole('log');
    this.bubbles = this.log.locator('.message_bubble');
    this.composer = page.locator('form.composer');
    this.field = page.locator('#composer_body');
    this.send = this.composer.getByRole('button', { name: /^Send/ });
    this.counter = this.composer.locator('output');
    this.newLine = page.locator('.message_list-new');
    this.jump = page.locator('.message_list-jump');
    this.closed = page.locator('.message_list-closed');
    this.back = page.locator('.conversation-back');
  }

  /** The bubble with exactly this text. */
  bubble(text: string): Locator {
    return this.bubbles.filter({ has: this.page.locator('.message_bubble-text', { hasText: exactly(text) }) });
  }

  seq(seq: number): Locator {
    return this.page.locator(`#seq_${seq}`);
  }

  /** Writes and sends; returns when the server has confirmed. */
  async write(text: string): Promise<void> {
    await this.field.fill(text);
    await this.field.press('Enter');
    await expect(this.bubble(text.trim())).toHaveAttribute('data-status', /^(sent|delivered|read)$/);
  }

  async expectStatus(text: string, status: keyof typeof WORDS): Promise<void> {
    const word = WORDS[status];
    await expect(this.bubble(text)).toHaveAttribute('data-status', status);
    await expect(this.bubble(text).locator('.status_ticks')).toHaveText(word);
  }

  /** Opens the details behind the time of a message, and reads its times. */
  async details(text: string): Promise<{ word: string; time: string }[]> {
    await this.bubble(text).locator('.message_bubble-meta button, .message_bubble-meta summary').first().click();
    const shown = this.openDetails(text);
    await expect(shown).toBeVisible();
    // what a pointer promised, the page that is on its way tells the time of
    await expect(shown.getByText('…')).toHaveCount(0);
    return shown.locator('div:has(> dd time)').evaluateAll((all) => all.map((row) => ({
      word: row.querySelector('dt')?.textContent?.trim() ?? '', time: row.querySelector('dd time')?.getAttribute('datetime') ?? '',
    })));
  }

  openDetails(text: string): Locator {
    return this.bubble(text).locator('.message_details').or(this.page.locator('.message_details:popover-open')).first();
  }

  /** What stands in the log, from top to bottom. */
  texts = (): Promise<string[]> => this.bubbles.locator('.message_bubble-text').evaluateAll((all) => all.map((one) => one.textContent ?? ''));

  /** The highest seq that is wholly in the window, and the highest that is so in part. */
  displayed(): Promise<{ whole: number; part: number }> {
    return this.log.evaluate((log) => {
      const frame = log.getBoundingClientRect();
      const result = { whole: 0, part: 0 };
      for (const bubble of log.querySelectorAll('.message_bubble')) {
        const { top, bottom } = bubble.getBoundingClientRect();
        const seq = Number(bubble.id.replace('seq_', ''));
        if (top >= frame.top - 1 && bottom <= frame.bottom + 1) result.whole = Math.max(result.whole, seq);
        if (bottom > frame.top && top < frame.bottom) result.part = Math.max(result.part, seq);
      }
      return result;
    });
  }
}

/** The whole text of an element, whatever the white space between its words. */
function exactly(text: string): RegExp {
  const words = text.trim().split(/\s+/).map((word) => word.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^\\s*${words.join('\\s+')}\\s*$`);
}
