import { wrap } from '../wrap.ts';
import { type Picture, pictureNotes, summarize } from './picture.ts';
import { machinesOf } from './machine.ts';
import type { Screen } from './screen.ts';
import { layOutTable } from './table.ts';
import { type Extent, selectionOf, type View, withinExtent } from './view.ts';

/** Lines below the table that stay in sight. */
export interface FrameTexts {
  readonly title: string;
  /** Lines about earlier changes, the newest last. They give way to those about the newest change. */
  readonly oldNews: readonly string[];
  readonly newNews: readonly string[];
  /** Advice at the end of the body. */
  readonly hints: readonly string[];
}

/** One screen of text, and the view that fits it. */
export interface Frame {
  /** Exactly as many lines as the terminal has, each within its width. */
  readonly lines: readonly string[];
  readonly view: View;
  readonly extent: Extent;
}

/** The largest share of the rows that news may take. */
const NEWS_SHARE = 0.25;
const MIN_BODY_LINES = 3;

const cut = (text: string, width: number): string => (text.length <= width ? text : `${text.slice(0, width - 1)}…`);

/** Breaks lines at words, and indents what continues a line by two more columns. */
export const wrapLines = (lines: readonly string[], width: number): readonly string[] =>
  lines.flatMap((line) => {
    if (line.length <= width) return [line];
    const margin = /^ */.exec(line)?.[0] ?? '';
    const [first = '', ...more] = wrap(line, width - margin.length - 2);
    return [margin + first, ...more.map((each) => `${margin}  ${each}`)].map((each) => cut(each, width));
  });

const keysOf = ({ isTyping, filter, order, why }: View, hasMore: boolean, blocks: number): string => {
  if (isTyping) return `filter FROM > TO: ${filter}_   Enter keeps it, Esc clears it`;
  return [
    'q quit',
    filter === '' ? '/ filter' : `/ filter: ${filter}`,
    `s sort: ${order}`,
    `w why: ${why ? 'on' : 'off'}`,
    ...(hasMore ? ['↑↓ scroll'] : []),
    ...(blocks > 1 ? ['←→ columns'] : []),
  ].join('  ');
};

/** Returns where the person is: `lines 3-18 of 40, columns 2 of 3`; empty if everything is in sight. */
const positionOf = ({ line, block }: View, { lines, page, blocks }: Extent): string =>
  [
    ...(lines > page ? [`lines ${line + 1}-${Math.min(line + page, lines)} of ${lines}`] : []),
    ...(blocks > 1 ? [`columns ${block + 1} of ${blocks}`] : []),
  ].join(', ');

/**
 * Draws a picture into a terminal's window: the title and the table's heading stay, the rest scrolls, the newest
 * changes and the keys are at the bottom.
 */
export const drawFrame = (
  picture: Picture,
  { title, oldNews, newNews, hints }: FrameTexts,
  asked: View,
  { paint, width, height }: Pick<Screen, 'paint' | 'width' | 'height'>,
): Frame => {
  const columns = width();
  const rows = height();
  const selection = selectionOf(asked);
  const table = layOutTable(machinesOf(picture.world), picture.readings, { width: columns, paint }, selection);
  const blocks = Math.max(1, table.blocks.length);
  const block = table.blocks[Math.min(Math.max(0, asked.block), blocks - 1)];
  const notes = pictureNotes(picture, { paint, why: asked.why ? selection : undefined }).map((section) =>
    wrapLines(section, columns),
  );
  const sections = [...notes, wrapLines(hints, columns).map((line) => paint('dim', line))];
  const body = [
    ...(block?.rows ?? [table.empty ?? '']),
    ...(table.legend === '' ? [] : ['', ...table.legend.split('\n')]),
    ...sections.flatMap((section) => (section.length === 0 ? [] : ['', ...section])),
  ];
  const heading = block?.heading ?? [];
  const fixed = 3 + heading.length + 2;
  const room = Math.max(1, Math.min(Math.floor(rows * NEWS_SHARE), rows - fixed - MIN_BODY_LINES));
  const newest = wrapLines(newNews, columns).slice(0, room);
  const older = room === newest.length ? [] : wrapLines(oldNews, columns).slice(newest.length - room);
  const foot = [...older, ...newest];
  const page = Math.max(MIN_BODY_LINES, rows - fixed - foot.length);
  const extent = { lines: body.length, page, blocks };
  const view = withinExtent(asked, extent);
  const shown = body.slice(view.line, view.line + page);
  const filled = [...shown, ...Array.from({ length: page - shown.length }, () => '')];
  const keys = cut(keysOf(view, body.length > page, blocks), columns);
  const lines = [
    paint('bold', cut(`portcullis play ${title}`, columns)),
    cut(summarize(picture.world), columns),
    '',
    ...heading,
    ...filled,
    ...foot,
    paint('dim', cut(positionOf(view, extent), columns)),
    paint('dim', keys),
  ];
  return { lines: lines.slice(0, rows), view, extent };
};
