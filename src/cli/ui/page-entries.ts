import type { Entry } from '../../page/entries.ts';
import type { External } from '../play/world.ts';

/** Maximum length of a problem's text, in characters. */
const MAX_PROBLEM = 4_000;

/** Returns the entry of a problem, whose text may come from anybody and be of any length. */
export const problemEntry = (text: string): Entry => ({ kind: 'problem', text: text.slice(0, MAX_PROBLEM) });

/** Returns the entries of machines outside of the cluster, see `portcullis play --help`. */
export const outsideEntries = (externals: readonly External[]): readonly Entry[] =>
  externals.map(({ name, ip, ports }) => ({ kind: 'outside', name, ips: [ip], ports }));
