import type { Order, Selection } from './table.ts';

/** A key of a terminal, as `readline.emitKeypressEvents` reports it. */
export interface Key {
  readonly name?: string | undefined;
  /** The bytes of the key. */
  readonly sequence?: string | undefined;
  readonly ctrl?: boolean | undefined;
}

/** How a person looks at the live table. Plain data, changed by keys alone. */
export interface View {
  readonly why: boolean;
  /** `FROM` or `FROM > TO`: parts of names. */
  readonly filter: string;
  /** The filter is being typed. */
  readonly isTyping: boolean;
  readonly order: Order;
  /** The first line of the body that is shown. */
  readonly line: number;
  /** The first block of columns that is shown. */
  readonly block: number;
}

/** Sizes of the last frame, which bound how far a person may scroll. */
export interface Extent {
  readonly lines: number;
  readonly page: number;
  readonly blocks: number;
}

export const createView = (why: boolean): View => ({
  why,
  filter: '',
  isTyping: false,
  order: 'name',
  line: 0,
  block: 0,
});

export const selectionOf = ({ filter, order }: View): Selection => {
  const [from = '', to = ''] = filter.split('>').map((part) => part.trim());
  return { from, to, order };
};

const clamp = (value: number, most: number): number => Math.max(0, Math.min(value, most));

/** Returns the view with its position inside the frame. */
export const withinExtent = (view: View, { lines, page, blocks }: Extent): View => ({
  ...view,
  line: clamp(view.line, lines - page),
  block: clamp(view.block, blocks - 1),
});

const PRINTABLE = /^[\x20-\x7e]$/;

const type = (view: View, { name, sequence = '' }: Key): View => {
  if (name === 'return' || name === 'enter') return { ...view, isTyping: false };
  if (name === 'escape') return { ...view, isTyping: false, filter: '' };
  if (name === 'backspace') return { ...view, filter: view.filter.slice(0, -1) };
  return PRINTABLE.test(sequence) ? { ...view, filter: view.filter + sequence, line: 0, block: 0 } : view;
};

const STEPS: Readonly<Record<string, (view: View, extent: Extent) => View>> = {
  w: (view) => ({ ...view, why: !view.why }),
  s: (view) => ({ ...view, order: view.order === 'name' ? 'refused' : 'name', line: 0 }),
  '/': (view) => ({ ...view, isTyping: true, filter: '' }),
  escape: (view) => ({ ...view, filter: '', line: 0, block: 0 }),
  up: (view) => ({ ...view, line: view.line - 1 }),
  down: (view) => ({ ...view, line: view.line + 1 }),
  pageup: (view, { page }) => ({ ...view, line: view.line - page }),
  pagedown: (view, { page }) => ({ ...view, line: view.line + page }),
  home: (view) => ({ ...view, line: 0 }),
  end: (view, { lines }) => ({ ...view, line: lines }),
  left: (view) => ({ ...view, block: view.block - 1 }),
  right: (view) => ({ ...view, block: view.block + 1 }),
};

/** Returns the view after a key, or 'quit'. Unknown keys change nothing. */
export const pressKey = (view: View, key: Key, extent: Extent): View | 'quit' => {
  if (key.ctrl === true) return key.name === 'c' || key.name === 'd' ? 'quit' : view;
  if (view.isTyping) return type(view, key);
  if (key.name === 'q') return 'quit';
  const step = STEPS[key.name ?? key.sequence ?? ''] ?? STEPS[key.sequence ?? ''];
  return step === undefined ? view : withinExtent(step(view, extent), extent);
};
