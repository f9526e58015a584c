import type { Paint } from '../paint.ts';
import type { Judgement } from '../judge.ts';
import type { StoryCurl } from './story.ts';
import type { Ending } from './try-connection.ts';
import { wrap } from './wrap.ts';

/** One connection of a story, tried and judged. */
export interface CurlResult {
  readonly curl: StoryCurl;
  /** The command line, as a person would type it. */
  readonly attempt: string;
  readonly ending: Ending;
  readonly judgement: Judgement;
}

/** It ended as told and as the policies say. */
export const isAsTold = ({ curl, ending, judgement }: CurlResult): boolean =>
  ending.kind === curl.expect && ending.kind === (judgement.expected === 'allow' ? 'answers' : 'times out');

const verdictText = (result: CurlResult, paint: Paint): string => {
  const { curl, ending, judgement } = result;
  if (isAsTold(result)) return paint('green', '✓ as told');
  if (ending.kind !== curl.expect)
    return paint(['bold', 'red'], `✗ NOT AS TOLD: the story says that it ${curl.expect}`);
  return paint(['bold', 'red'], `✗ THE POLICIES SAY ${judgement.expected.toUpperCase()}`);
};

const ENDING_STYLE: Readonly<Record<Ending['kind'], Parameters<Paint>[0]>> = {
  answers: 'green',
  'times out': 'red',
  fails: 'magenta',
};

const widest = (texts: readonly string[]): number => Math.max(0, ...texts.map((text) => text.length));

/** As explain() begins the sentence on an end that no policy isolates. */
const OPEN = 'open: ';

/** Two ends that are both open are told in one sentence. */
const sentences = (reasons: readonly string[]): readonly string[] =>
  reasons.every((reason) => reason.startsWith(OPEN))
    ? [`${OPEN}${reasons.map((reason) => reason.slice(OPEN.length)).join(', ')}`]
    : reasons;

/** A line per connection, the reasons below it. */
export const resultLines = (results: readonly CurlResult[], width: number, paint: Paint): readonly string[] => {
  const from = widest(results.map(({ curl }) => curl.from));
  const attempt = widest(results.map((result) => result.attempt));
  const ending = widest(results.map((result) => result.ending.text));
  return results.flatMap((result) => {
    const end = paint(ENDING_STYLE[result.ending.kind], result.ending.text.padEnd(ending));
    const line = `${result.curl.from.padEnd(from)} $ ${result.attempt.padEnd(attempt)}  ${end}  ${verdictText(result, paint)}`;
    const reasons = sentences(result.judgement.reasons).flatMap((reason) =>
      wrap(reason, width - 6).map((text, index) => paint('dim', `${index === 0 ? '  - ' : '    '}${text}`)),
    );
    return [line, ...reasons];
  });
};
