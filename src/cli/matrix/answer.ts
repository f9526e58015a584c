import type { ClusterReach } from '../../reach/cluster-reach.ts';
import { type Question, type Summary, summarise } from '../../reach/summary.ts';
import type { Row } from '../../reach/workloads.ts';
import type { Progress } from '../progress.ts';
import { OUTSIDE } from '../resolve/resolve.ts';
import type { ConnectionFinder } from './connection-finder.ts';
import { destinationsIn, rowsIn, sourcesIn } from './question.ts';
import type { TableEnd, TableEnds } from './table.ts';

/** The data to print. */
export interface Answer {
  readonly reach: ClusterReach;
  readonly question: Question;
  readonly finder: ConnectionFinder;
  readonly progress: Progress;
  /** Characters of a line of the terminal. */
  readonly window: number;
}

const ends = (rows: readonly Row[], hasOutside: boolean): readonly TableEnd[] => [
  ...(hasOutside ? [{ name: OUTSIDE, pods: 0 }] : []),
  ...rows.map(({ name, pods }) => ({ name, pods: pods.length })),
];

/** All ends of a question, each once. */
export const endsOf = (question: Question): readonly TableEnd[] =>
  ends(rowsIn(question), question.fromOutside.length + question.toOutside.length > 0);

/** The sides of a question's table: sources are rows, destinations are columns. */
export const tableEndsOf = (question: Question): TableEnds => ({
  rows: ends(sourcesIn(question), question.fromOutside.length > 0),
  columns: ends(destinationsIn(question), question.toOutside.length > 0),
});

export const summaryOf = ({ reach, question, progress }: Answer): Summary =>
  summarise(reach, question, (done) => {
    progress.at('counting connections', done);
  });
