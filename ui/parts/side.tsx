import { compareEdges, defaultStates, type Shown } from '../../src/page/filter.ts';
import type { EdgeState, MapEdge } from '../../src/page/edges.ts';
import type { Picture } from '../../src/page/picture.ts';
import type { ViewState } from '../../src/page/view-state.ts';
import { ago, plural, STATE_WORDS } from '../words.ts';

interface SideProps {
  readonly picture: Picture;
  readonly shown: Shown;
  readonly view: ViewState;
  readonly observes: boolean;
  readonly now: number;
  readonly change: (change: Partial<ViewState>) => void;
}

const STATES: readonly EdgeState[] = ['refused', 'untried', 'allowed', 'unused'];
/** Rows of the list: the search finds the others. */
const MOST_ROWS = 150;
const MOST_NAMESPACES = 200;

const countOf = (edges: readonly MapEdge[], state: EdgeState): number =>
  edges.filter((edge) => edge.state === state).length;

const toggled = <T,>(all: readonly T[], one: T): readonly T[] =>
  all.includes(one) ? all.filter((each) => each !== one) : [...all, one];

/** What is shown: states, namespaces, and the connections as a list, the refused ones first. */
export const Side = ({ picture, shown, view, observes, now, change }: SideProps) => {
  const states = view.states ?? defaultStates(picture, observes);
  const namespaces = [
    ...new Set(picture.nodes.flatMap(({ namespace }) => (namespace === '' ? [] : [namespace]))),
  ].sort();
  const edges = shown.edges
    .toSorted(compareEdges)
    .filter(({ from, to }) => shown.found === undefined || shown.found.has(from) || shown.found.has(to));
  return (
    <aside class="side" aria-label="Filters and connections">
      <fieldset>
        <legend>Connections</legend>
        {STATES.map((state) => (
          <label key={state} class="check" title={STATE_WORDS[state].help}>
            <input
              type="checkbox"
              checked={states.includes(state)}
              onChange={() => change({ states: toggled(states, state) })}
            />
            <span class={`sign ${state}`} aria-hidden="true">
              {STATE_WORDS[state].sign}
            </span>
            <span>{STATE_WORDS[state].name}</span>
            <span class="count">{countOf(picture.edges, state)}</span>
          </label>
        ))}
      </fieldset>
      <fieldset>
        <legend>Namespaces</legend>
        <div class="namespaces">
          {namespaces.slice(0, MOST_NAMESPACES).map((name) => (
            <label key={name} class="check">
              <input
                type="checkbox"
                checked={view.namespaces.length === 0 || view.namespaces.includes(name)}
                onChange={() => {
                  const chosen = toggled(view.namespaces.length === 0 ? namespaces : view.namespaces, name);
                  change({ namespaces: chosen.length === namespaces.length ? [] : chosen });
                }}
              />
              <bdi class="name">{name}</bdi>
            </label>
          ))}
          {namespaces.length > MOST_NAMESPACES && (
            <p class="dim">and {namespaces.length - MOST_NAMESPACES} more: search for them</p>
          )}
        </div>
      </fieldset>
      <h2>{plural(edges.length, 'connection')} shown</h2>
      <ul class="list">
        {edges.slice(0, MOST_ROWS).map((edge) => (
          <li key={edge.id}>
            <button
              type="button"
              class={edge.id === view.selected ? 'row chosen' : 'row'}
              aria-pressed={edge.id === view.selected}
              onClick={() => change({ selected: edge.id })}
            >
              <span class={`sign ${edge.state}`} role="img" aria-label={STATE_WORDS[edge.state].name}>
                {STATE_WORDS[edge.state].sign}
              </span>
              <span class="ends">
                <bdi>{edge.from}</bdi> <span aria-hidden="true">→</span> <bdi>{edge.to}</bdi>
              </span>
              <span class="ports">
                {edge.ports}
                {edge.count > 0 && ` · ${edge.count} ×, ${ago(edge.last, now)}`}
              </span>
            </button>
          </li>
        ))}
      </ul>
      {edges.length > MOST_ROWS && (
        <p class="dim">and {edges.length - MOST_ROWS} more: search, or choose a namespace</p>
      )}
    </aside>
  );
};
