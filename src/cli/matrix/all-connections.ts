import type { ClusterReach } from '../../reach/cluster-reach.ts';
import type { Question } from '../../reach/summary.ts';
import { pairOf, type Row } from '../../reach/workloads.ts';
import type { Connection } from './connection.ts';
import type { ConnectionFinder } from './connection-finder.ts';

/**
 * All connections that a question is about, with reasons, one after the other: one pod speaks for all of its row.
 *
 * @param ruledIn where it is given, pairs of pods that no policy rules are passed over
 */
export function* connectionsIn(
  finder: ConnectionFinder,
  { blocks, fromOutside, toOutside }: Question,
  ruledIn?: ClusterReach,
): Generator<Connection> {
  const isLeftOut = (source: Row, destination: Row): boolean =>
    ruledIn?.families.every(({ isRuled }) => !isRuled(source.podClass, destination.podClass)) === true;
  for (const { name, pods } of fromOutside) {
    for (const each of pods.slice(0, 1).flatMap((pod) => finder.withOutside('ingress', pod)))
      yield { ...each, to: name };
  }
  for (const { name, pods } of toOutside) {
    for (const each of pods.slice(0, 1).flatMap((pod) => finder.withOutside('egress', pod)))
      yield { ...each, from: name };
  }
  for (const { sources, destinations } of blocks) {
    for (const source of sources) {
      for (const destination of destinations) {
        if (isLeftOut(source, destination)) continue;
        const pair = pairOf(source, destination);
        if (pair === undefined) continue;
        for (const each of finder.between(...pair)) yield { ...each, from: source.name, to: destination.name };
      }
    }
  }
}
