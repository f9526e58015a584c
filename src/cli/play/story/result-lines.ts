import type { Paint } from '../paint.ts';
import type { Judgement } from '../judge.ts';
import type { StoryCurl } from './story.ts';
import type { Ending } from './try-connection.ts';
import { wrap } from '../../wrap.ts';

/** One connection of a story, tried and judged. */
export interface CurlResult {
  readonly curl: StoryCurl;
  /** The command line as a person would type it. */
  readonly attempt: string;
  readonly ending: Ending;
  readonly judgement: Judgement;
}

/** Reports whether it ended as the story says and as the policies say. */
export const isAsTold = ({ curl, ending, judgement }: CurlResult): boolean =>
  ending.kind === curl.expect && ending.kind === (judgement.expected === 'allow' ? 'answers' : 'times out');

const verdictText = (result: CurlResult): string => {
  const { curl, ending, judgement } = result;
  if (isAsTold(result)) return '✓ as told';
  if (ending.kind !== curl.expect) return `✗ NOT AS TOLD: the story says that it ${curl.expect}`;
  return `✗ THE POLICIES SAY ${judgement.expected.toUpperCase()}`;
};

const paintVerdict = (result: CurlResult, paint: Paint): string =>
  paint(isAsTold(result) ? 'green' : ['bold', 'red'], verdictText(result));

const ENDING_STYLE: Readonly<Record<Ending['kind'], Parameters<Paint>[0]>> = {
  answers: 'green',
  'times out': 'red',
  fails: 'magenta',
};

const GAP = '  ';

const widest = (texts: readonly string[]): number => Math.max(0, ...texts.map((text) => text.length));

/** The start of explain()'s sentence about an end without isolation. */
const OPEN = 'open: ';

/** Returns the reasons; two open ends become one sentence. */
const sentences = (reasons: readonly string[]): readonly string[] =>
  reasons.every((reason) => reason.startsWith(OPEN))
    ? [`${OPEN}${reasons.map((reason) => reason.slice(OPEN.length)).join(', ')}`]
    : reasons;

/** Returns a line per connection, or two where not all of these lines fit into the width, with the reasons below. */
export const resultLines = (results: readonly CurlResult[], width: number, paint: Paint): readonly string[] => {
  const from = widest(results.map(({ curl }) => curl.from));
  const attempt = widest(results.map((result) => result.attempt));
  const ending = widest(results.map((result) => result.ending.text));
  const verdict = widest(results.map(verdictText));
  const fits = from + ' $ '.length + attempt + ending + verdict + 2 * GAP.length <= width;
  return results.flatMap((result) => {
    const style = ENDING_STYLE[result.ending.kind];
    const end = `${paint(style, fits ? result.ending.text.padEnd(ending) : result.ending.text)}${GAP}${paintVerdict(result, paint)}`;
    const command = `${result.curl.from} $ ${result.attempt}`;
    const lines = fits
      ? [`${result.curl.from.padEnd(from)} $ ${result.attempt.padEnd(attempt)}${GAP}${end}`]
      : [command, `${GAP}${end}`];
    const reasons = sentences(result.judgement.reasons).flatMap((reason) =>
      wrap(reason, width - 6).map((text, index) => paint('dim', `${index === 0 ? '  - ' : '    '}${text}`)),
    );
    return [...lines, ...reasons];
  });
};
