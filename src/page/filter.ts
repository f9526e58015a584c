import type { EdgeState, MapEdge } from './edges.ts';
import type { MapNode, Picture } from './picture.ts';
import type { ViewState } from './view-state.ts';

/** The part of a picture that is shown. */
export interface Shown {
  readonly nodes: readonly MapNode[];
  readonly edges: readonly MapEdge[];
  /** Nodes that the search finds; undefined where nothing is searched. */
  readonly found: ReadonlySet<string> | undefined;
  /** Nodes that the selection concerns; undefined where nothing is selected. */
  readonly lit: ReadonlySet<string> | undefined;
}

/** Beyond this many, refusals that nobody tried hide what somebody did try. */
const MANY_UNTRIED = 60;

/** Returns the states to show where nobody chose. */
export const defaultStates = ({ edges }: Picture, observes: boolean): readonly EdgeState[] => {
  const untried = edges.filter(({ state }) => state === 'untried').length;
  return untried <= MANY_UNTRIED && !observes
    ? ['refused', 'allowed', 'untried', 'unused']
    : ['refused', 'allowed', 'unused'];
};

const SEEN: readonly EdgeState[] = ['refused', 'allowed'];

/** The most important first: what was refused, then what was seen, then what was seen often. */
export const compareEdges = (a: MapEdge, b: MapEdge): number => {
  const order: readonly EdgeState[] = ['refused', 'untried', 'allowed', 'unused'];
  return order.indexOf(a.state) - order.indexOf(b.state) || b.last - a.last || (a.id < b.id ? -1 : Number(a.id > b.id));
};

const words = (search: string): readonly string[] =>
  search
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== '');

const textOf = ({ id, workloadKind, ips, labels }: MapNode): string =>
  [id, workloadKind, ...ips, ...labels.map(([key, value]) => `${key}=${value}`)].join(' ').toLowerCase();

const isPort = (word: string): boolean => /^(?:(?:tcp|udp|sctp)[/ ])?\d{1,5}$/.test(word);

const hasPort = ({ ports, question }: MapEdge, word: string): boolean => {
  const number = word.replace(/^\D+/, '');
  return question.port === Number(number) || ports.split(/[ ,]/).includes(number);
};

/** Returns what to show of a picture. Words that are numbers of ports select edges, all others nodes. */
export const filterPicture = (picture: Picture, view: ViewState, observes: boolean): Shown => {
  const states = view.states ?? defaultStates(picture, observes);
  const isShownNamespace = ({ namespace, kind }: MapNode): boolean =>
    view.namespaces.length === 0 || kind === 'outside' || view.namespaces.includes(namespace);
  const nodes = picture.nodes.filter(isShownNamespace);
  const ids = new Set(nodes.map(({ id }) => id));
  const searched = words(view.search);
  const ports = searched.filter(isPort);
  const texts = searched.filter((word) => !isPort(word));
  const isAtMoment = ({ state, first, last }: MapEdge): boolean =>
    view.at === 0 || (SEEN.includes(state) && first <= view.at && last >= view.at - MOMENT_MS);
  const selected = view.selected;
  const isInFocus = ({ from, to }: MapEdge): boolean =>
    view.focus === 'all' || selected === '' || (view.focus === 'to' ? to === selected : from === selected);
  const edges = picture.edges.filter(
    (edge) =>
      (states.includes(edge.state) || edge.id === selected) &&
      ids.has(edge.from) &&
      ids.has(edge.to) &&
      ports.every((word) => hasPort(edge, word)) &&
      isAtMoment(edge) &&
      isInFocus(edge),
  );
  const found =
    texts.length === 0
      ? undefined
      : new Set(nodes.filter((node) => texts.every((word) => textOf(node).includes(word))).map(({ id }) => id));
  const edge = picture.edges.find(({ id }) => id === selected);
  const lit =
    edge !== undefined
      ? new Set([edge.from, edge.to])
      : ids.has(selected)
        ? new Set([
            selected,
            ...edges
              .filter(({ from, to }) => from === selected || to === selected)
              .flatMap(({ from, to }) => [from, to]),
          ])
        : undefined;
  return { nodes, edges, found, lit };
};

/** A connection counts as there at a moment if it was seen within this time before it. */
const MOMENT_MS = 60_000;
