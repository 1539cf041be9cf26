import { lines } from '../fixtures/api.ts';
import type { Person } from '../fixtures/person.ts';
import { expect, test } from '../fixtures/test.ts';

async function scene(asha: Person, bikram: Person): Promise<string[]> {
  const { id } = await bikram.api.open(asha.id);
  await bikram.api.sendMany(id, [...lines(2), 'Averyveryverylongwordwithoutanyspaceinit'.repeat(12), 'شكرا جزيلا، أراك غدا', `https://cms.example/${'path/'.repeat(60)}`]);
  await asha.api.send(id, 'Thank you.');
  return ['/messages', `/messages/${id}`, '/messages/new', '/settings', '/no/such/page'];
}

test('right to left, nothing overflows and the panes change sides', async ({ asha, bikram, guard }) => {
  guard.allow(/status of 404/);
  for (const path of await scene(asha, bikram)) {
    await asha.visit(path);
    await asha.page.evaluate(() => (document.documentElement.dir = 'rtl'));
    const { width, inner } = await asha.page.evaluate(() => ({ width: document.documentElement.scrollWidth, inner: document.documentElement.clientWidth }));
    expect(width, path).toBe(inner);
    const menu = await asha.frame.menu.boundingBox();
    expect(menu?.x ?? 0, path).toBeGreaterThan(600);
  }
});

test('left to right, nothing overflows at any width', async ({ asha, bikram, guard }) => {
  guard.allow(/status of 404/);
  for (const path of await scene(asha, bikram)) {
    await asha.visit(path);
    for (const width of [320, 640, 768, 1024, 1920]) {
      await asha.page.setViewportSize({ width, height: 700 });
      expect(await asha.page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth), `${path} at ${width}`).toBe(0);
    }
  }
});

test('dark follows the system, and stays readable without a reload', async ({ arrive, bikram }) => {
  const asha = await arrive({ colorScheme: 'dark' });
  const { id } = await bikram.api.open(asha.id);
  await bikram.api.sendMany(id, lines(2));
  await asha.visit(`/messages/${id}`);
  const brightness = (): Promise<number> => asha.page.evaluate(() => {
    const canvas = document.createElement('canvas').getContext('2d');
    if (!canvas) return -1;
    canvas.fillStyle = getComputedStyle(document.body).backgroundColor;
    canvas.fillRect(0, 0, 1, 1);
    const [red, green, blue] = canvas.getImageData(0, 0, 1, 1).data;
    return red + green + blue;
  });
  expect(await brightness()).toBeLessThan(200);
  await asha.page.emulateMedia({ colorScheme: 'light' });
  expect(await brightness()).toBeGreaterThan(600);
});

test('who wants less motion gets none', async ({ arrive, bikram }) => {
  const asha = await arrive({ reducedMotion: 'reduce' });
  const { id } = await asha.api.open(bikram.id);
  await bikram.api.open(asha.id);
  await asha.visit(`/messages/${id}`);
  await bikram.api.send(id, 'Arriving');
  await expect(asha.conversation.bubble('Arriving')).toBeVisible();
  expect(await asha.page.evaluate(() => document.getAnimations().filter((one) => Number(one.effect?.getComputedTiming().duration) > 1).length)).toBe(0);
});
