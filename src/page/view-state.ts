import type { EdgeState } from './edges.ts';

export const VIEWS = ['map', 'matrix', 'policies', 'time'] as const;
export type ViewName = (typeof VIEWS)[number];

const STATES: readonly EdgeState[] = ['refused', 'allowed', 'untried', 'unused'];

/** What somebody looks at: it stands in the address of the page and can be shared. The token never does. */
export interface ViewState {
  readonly view: ViewName;
  /** The states of edges that are shown; undefined until somebody chooses. */
  readonly states: readonly EdgeState[] | undefined;
  /** The namespaces that are shown; none means all. */
  readonly namespaces: readonly string[];
  readonly search: string;
  /** Of a node or an edge; '' where none is. */
  readonly selected: string;
  /** Whether only what talks to the selected node, or what it talks to, is shown. */
  readonly focus: 'all' | 'to' | 'from';
  /** A moment of the time line, in ms since the epoch; 0 is now. */
  readonly at: number;
}

export const INITIAL_VIEW: ViewState = {
  view: 'map',
  states: undefined,
  namespaces: [],
  search: '',
  selected: '',
  focus: 'all',
  at: 0,
};

const MAX_TEXT = 600;
const MAX_NAMESPACES = 100;

/** Reads a view from the query of an address; what makes no sense there is as it is at the start. */
export const readView = (query: string): ViewState => {
  const values = new URLSearchParams(query);
  const text = (key: string): string => (values.get(key) ?? '').slice(0, MAX_TEXT);
  const states = values.get('show')?.split(',');
  const at = Number(values.get('at') ?? 0);
  const focus = text('focus');
  return {
    view: VIEWS.find((view) => view === values.get('view')) ?? INITIAL_VIEW.view,
    states: states === undefined ? undefined : STATES.filter((state) => states.includes(state)),
    namespaces: values
      .getAll('ns')
      .slice(0, MAX_NAMESPACES)
      .map((name) => name.slice(0, MAX_TEXT)),
    search: text('q'),
    selected: text('sel'),
    focus: focus === 'to' || focus === 'from' ? focus : 'all',
    at: Number.isSafeInteger(at) && at > 0 ? at : 0,
  };
};

/** Writes a view as a query, without what is as it is at the start. */
export const writeView = ({ view, states, namespaces, search, selected, focus, at }: ViewState): string => {
  const values = new URLSearchParams();
  if (view !== INITIAL_VIEW.view) values.set('view', view);
  if (states !== undefined) values.set('show', states.join(','));
  for (const name of namespaces) values.append('ns', name);
  if (search !== '') values.set('q', search);
  if (selected !== '') values.set('sel', selected);
  if (focus !== 'all') values.set('focus', focus);
  if (at > 0) values.set('at', String(at));
  return values.toString();
};
