// What stands around every page: the menu with the badge, the title, the notices.
import { expect, type Locator, type Page, type Request } from '@playwright/test';

export class Frame {
  readonly menu: Locator;
  readonly badge: Locator;
  readonly toast: Locator;
  readonly live: Locator;
  /** Where arrivals and toasts are put into words for a screen reader. */
  readonly announcer: Locator;

  constructor(readonly page: Page) {
    this.menu = page.locator('.menu');
    this.badge = this.menu.locator('.menu-item', { hasText: 'Messages' }).locator('.unread_badge');
    this.toast = page.locator('.toast');
    this.announcer = page.locator('.app > [aria-live="polite"]');
    this.live = page.locator('[role="status"], [aria-live="polite"]');
  }

  /** The page has come alive: until then it is links and forms. */
  async hydrated(): Promise<void> {
    await expect(this.page.locator('html[data-hydrated]')).toBeAttached({ timeout: 30_000 });
  }

  /** The badge in the menu and the title of the tab say the same number. */
  async expectUnread(count: number): Promise<void> {
    if (count === 0) await expect(this.badge).toHaveCount(0);
    else await expect(this.badge).toHaveText(count > 99 ? /^99\+/ : new RegExp(`^${count}\\b`));
    await expect(this.page).toHaveTitle(count === 0 ? /^[^(]/ : new RegExp(`^\\(${count > 99 ? '99\\+|' : ''}${count}\\) `));
  }

  /** So many questions "what changed?" that begin from now on, with their answers. */
  async polls(count: number): Promise<void> {
    for (let seen = 0; seen < count; seen += 1) {
      const asked = this.asked();
      await this.wake();
      await asked;
    }
  }

  /** A page that wakes asks at once, whatever it would have waited for: a stream, the end of a back-off. */
  async wake(): Promise<void> {
    await this.page.evaluate(() => document.dispatchEvent(new Event('resume')));
  }

  /** The next question, whatever it comes from, with its answer. */
  async asked(): Promise<void> {
    const request = await this.page.waitForRequest(isQuestion, { timeout: 40_000 });
    await (await request.response())?.finished();
  }

  /**
   * Moves the page's clock (page.clock.install first) and answers every question that this brings about, one at least. In
   * steps, and none while an answer is on its way: the network has no part in that clock, and would seem to take for ever.
   */
  async pollAfter(milliseconds: number): Promise<void> {
    let seen = 0;
    let answered: Promise<unknown> = Promise.resolve();
    const note = (request: Request): void => {
      if (!isQuestion(request)) return;
      seen += 1;
      answered = request.response().then((response) => response?.finished(), () => undefined);
    };
    this.page.on('request', note);
    for (let left = milliseconds; left > 0; left -= 500) {
      await this.page.clock.runFor(Math.min(left, 500));
      await answered;
    }
    await expect.poll(() => seen).toBeGreaterThan(0);
    await answered;
    this.page.off('request', note);
  }
}

const isQuestion = (request: Request): boolean => request.url().endsWith('/rpc/get_changes');
