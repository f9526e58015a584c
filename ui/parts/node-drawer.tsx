import { compareEdges } from '../../src/page/filter.ts';
import type { MapEdge } from '../../src/page/edges.ts';
import type { MapNode, Picture } from '../../src/page/picture.ts';
import type { ViewState } from '../../src/page/view-state.ts';
import { plural, STATE_WORDS } from '../words.ts';

interface NodeDrawerProps {
  readonly node: MapNode;
  readonly picture: Picture;
  readonly view: ViewState;
  readonly change: (change: Partial<ViewState>) => void;
}

const MOST = 60;

const Isolation = ({ name, policies }: { readonly name: string; readonly policies: readonly string[] | undefined }) => (
  <p>
    <strong>{name}</strong>:{' '}
    {policies === undefined ? 'open, no policy isolates it' : `isolated by ${policies.join(', ')}`}
  </p>
);

const Ends = ({
  title,
  edges,
  end,
  change,
}: {
  readonly title: string;
  readonly edges: readonly MapEdge[];
  readonly end: 'from' | 'to';
  readonly change: NodeDrawerProps['change'];
}) => (
  <section>
    <h3>{title}</h3>
    {edges.length === 0 && <p class="dim">no connection that a rule names or that was seen</p>}
    <ul class="list">
      {edges
        .toSorted(compareEdges)
        .slice(0, MOST)
        .map((edge) => (
          <li key={edge.id}>
            <button type="button" class="row" onClick={() => change({ selected: edge.id })}>
              <span class={`sign ${edge.state}`} role="img" aria-label={STATE_WORDS[edge.state].name}>
                {STATE_WORDS[edge.state].sign}
              </span>
              <span class="ends">
                <bdi>{edge[end]}</bdi>
              </span>
              <span class="ports">{edge.ports}</span>
            </button>
          </li>
        ))}
    </ul>
    {edges.length > MOST && <p class="dim">and {edges.length - MOST} more</p>}
  </section>
);

/** A workload: what isolates it, who may reach it, and what it may reach. */
export const NodeDrawer = ({ node, picture, view, change }: NodeDrawerProps) => (
  <aside class="drawer" aria-label="Workload">
    <header>
      <h2>
        <bdi>{node.kind === 'outside' ? node.name : node.id}</bdi>
      </h2>
      <button type="button" class="close" aria-label="Close" onClick={() => change({ selected: '', focus: 'all' })}>
        ×
      </button>
    </header>
    {node.kind === 'outside' ? (
      <p>Outside the cluster{node.ips.length > 0 && `: ${node.ips.join(', ')}`}</p>
    ) : (
      <>
        <p>
          {node.workloadKind}, {plural(node.pods, 'pod')}
          {node.ips.length > 0 && `: ${node.ips.slice(0, 4).join(', ')}${node.ips.length > 4 ? ' …' : ''}`}
        </p>
        <Isolation name="Ingress" policies={node.ingress} />
        <Isolation name="Egress" policies={node.egress} />
        {node.labels.length > 0 && (
          <p class="labels">
            {node.labels.slice(0, 12).map(([key, value]) => (
              <code key={key}>
                <bdi>{value === '' ? key : `${key}=${value}`}</bdi>
              </code>
            ))}
          </p>
        )}
      </>
    )}
    <div class="buttons" role="group" aria-label="Show on the map">
      {(
        [
          ['all', 'All'],
          ['to', 'What can reach this'],
          ['from', 'What this reaches'],
        ] as const
      ).map(([focus, text]) => (
        <button key={focus} type="button" aria-pressed={view.focus === focus} onClick={() => change({ focus })}>
          {text}
        </button>
      ))}
    </div>
    <Ends title="To it" edges={picture.edges.filter(({ to }) => to === node.id)} end="from" change={change} />
    <Ends title="From it" edges={picture.edges.filter(({ from }) => from === node.id)} end="to" change={change} />
  </aside>
);
