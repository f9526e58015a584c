import type { EdgeState, MapEdge } from '../src/page/edges.ts';
import type { MapNode } from '../src/page/picture.ts';

/** What each state of an edge is called, and the sign that stands beside its colour. */
export const STATE_WORDS: Readonly<
  Record<EdgeState, { readonly name: string; readonly sign: string; readonly help: string }>
> = {
  refused: { name: 'Refused', sign: '✕', help: 'somebody tried, and policies refused it' },
  untried: {
    name: 'Would be refused',
    sign: '⊘',
    help: 'policies refuse a port that the destination serves; not seen',
  },
  allowed: { name: 'Allowed', sign: '→', help: 'allowed, and seen' },
  unused: { name: 'Allowed, not seen', sign: '⋯', help: 'a rule allows it, and nobody was seen using it' },
};

export const plural = (count: number, thing: string, things = `${thing}s`): string =>
  `${count.toLocaleString('en')} ${count === 1 ? thing : things}`;

/** Returns `2 s ago`. */
export const ago = (at: number, now: number): string => {
  const seconds = Math.max(0, Math.round((now - at) / 1000));
  if (seconds < 90) return `${seconds} s ago`;
  if (seconds < 5_400) return `${Math.round(seconds / 60)} min ago`;
  return `${Math.round(seconds / 3_600)} h ago`;
};

/** Describes an edge for people who cannot see the map. */
export const describeEdge = ({ from, to, ports, state, count }: MapEdge): string =>
  `${STATE_WORDS[state].name}: ${from} to ${to}, ${ports}${count > 0 ? `, ${plural(count, 'time')}` : ''}`;

/** Describes a node for people who cannot see the map. */
export const describeNode = ({ id, kind, pods, ingress, egress }: MapNode): string => {
  if (kind === 'outside') return `${id.slice('outside/'.length)}, outside the cluster`;
  const isolated = [
    ingress === undefined ? 'open for ingress' : 'isolated for ingress',
    egress === undefined ? 'open for egress' : 'isolated for egress',
  ];
  return `${id}, ${plural(pods, 'pod')}, ${isolated.join(', ')}`;
};
