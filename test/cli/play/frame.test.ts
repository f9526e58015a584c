import { describe, expect, test } from '@jest/globals';
import { drawFrame, type Frame } from '../../../src/cli/play/frame.ts';
import { plain } from '../../../src/cli/play/paint.ts';
import type { Picture } from '../../../src/cli/play/picture.ts';
import { createView, type Key, pressKey, type View } from '../../../src/cli/play/view.ts';
import { podOf, worldOf } from './small-world.ts';

const NAMES = Array.from({ length: 30 }, (_, index) => `pod-${String(index).padStart(2, '0')}`);
const pods = NAMES.map((name, index) => podOf(name, `10.244.1.${index + 2}`, [{ protocol: 'TCP', port: 80 }]));

const picture: Picture = {
  world: worldOf(pods),
  readings: NAMES.flatMap((from) =>
    NAMES.filter((to) => to !== from).map((to) => ({
      from: `shop/${from}`,
      to: `shop/${to}`,
      protocol: 'TCP',
      port: 80,
      family: 'ipv4',
      measured: from === 'pod-07' ? 'timeout' : 'open',
      expected: from === 'pod-07' ? 'deny' : 'allow',
      reasons: [`a reason of ${'several long words '.repeat(8).trim()}`],
    })),
  ),
  problems: [],
  warnings: [],
};

const SIZES = [
  { width: 80, height: 24 },
  { width: 200, height: 60 },
  { width: 40, height: 12 },
];

const draw = (
  view: View,
  { width, height }: { width: number; height: number },
  newNews: readonly string[] = [],
): Frame =>
  drawFrame(
    picture,
    { title: 'a/folder', oldNews: ['09:59:59 something earlier'], newNews, hints: ['Edit the folder.'] },
    view,
    { paint: plain, width: () => width, height: () => height },
  );

const press = (keys: readonly Key[], size: { width: number; height: number }): Frame =>
  keys.reduce<Frame>(
    (frame, key) => {
      const next = pressKey(frame.view, key, frame.extent);
      if (next === 'quit') throw new Error('it quits');
      return draw(next, size);
    },
    draw(createView(false), size),
  );

const typed = (text: string): readonly Key[] => Array.from(text, (sequence) => ({ name: sequence, sequence }));

describe('window of play', () => {
  test.each(SIZES)('a frame fills a window of $width × $height exactly', (size) => {
    const news = Array.from({ length: 20 }, (_, index) => `10:00:0${index} ${'a change of a policy '.repeat(9)}`);
    for (const view of [createView(false), createView(true)]) {
      const { lines } = draw(view, size, news);
      expect(lines).toHaveLength(size.height);
      expect(lines.filter((line) => line.length > size.width)).toEqual([]);
      expect(lines.at(-1)).toContain('q quit');
      expect(lines.join('\n')).toContain('10:00:00');
    }
  });

  test('the heading of the table stays while the rows scroll', () => {
    const [size] = SIZES;
    if (size === undefined) throw new Error('no size');
    const first = draw(createView(false), size);
    const later = press([{ name: 'pagedown' }], size);
    expect(later.lines.slice(0, 6)).toEqual(first.lines.slice(0, 6));
    expect(first.lines[6]).toMatch(/^shop\/pod-00 /);
    expect(later.lines[6]).not.toMatch(/^shop\/pod-00 /);
    expect(press([{ name: 'end' }, { name: 'home' }], size).lines).toEqual(first.lines);
    expect(press([{ name: 'end' }, { name: 'down' }], size).lines).toEqual(press([{ name: 'end' }], size).lines);
  });

  test('columns that do not fit are a key away, and the frame says so', () => {
    const size = { width: 80, height: 24 };
    expect(draw(createView(false), size).lines.join('\n')).toMatch(/columns 1 of \d+/);
    expect(press([{ name: 'right' }], size).lines.join('\n')).toMatch(/columns 2 of \d+/);
    expect(press([{ name: 'left' }], size).lines.join('\n')).toMatch(/columns 1 of \d+/);
  });

  test('a filter leaves the rows and columns that it names, also in the reasons', () => {
    const size = { width: 80, height: 60 };
    const keys = [{ name: '/', sequence: '/' }, ...typed('pod-07 > pod-1'), { name: 'return' }, { name: 'w' }];
    const text = press(keys, size).lines.join('\n');
    expect(text).toMatch(/^shop\/pod-07( +✗)+$/m);
    expect(text).not.toMatch(/^shop\/pod-08/m);
    expect(text).toContain('shop/pod-07 → shop/pod-10 TCP 80 times out');
    expect(text).not.toContain('pod-20');
    expect(press([...keys, { name: 'escape' }], size).lines.join('\n')).toMatch(/^shop\/pod-08/m);
    const nobody = press([{ name: '/', sequence: '/' }, ...typed('nobody')], size);
    expect(nobody.lines.join('\n')).toContain('no connection matches');
  });

  test('sorted by refusals, the machine with most of them comes first', () => {
    const { lines } = press([{ name: 's' }], { width: 80, height: 24 });
    expect(lines[6]).toMatch(/^shop\/pod-07 /);
    expect(lines.at(-1)).toContain('s sort: refused');
  });

  test.each([{ name: 'q' }, { name: 'c', ctrl: true }, { name: 'd', ctrl: true }])('the key %j ends it', (key) => {
    expect(pressKey(createView(false), key, { lines: 1, page: 1, blocks: 1 })).toBe('quit');
  });

  test('letters that are keys are text while a filter is typed', () => {
    const frame = press([{ name: '/', sequence: '/' }, ...typed('qws'), { name: 'backspace' }], {
      width: 80,
      height: 24,
    });
    expect(frame.view).toMatchObject({ filter: 'qw', isTyping: true, why: false, order: 'name' });
  });
});
