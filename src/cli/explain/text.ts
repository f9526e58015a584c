import { stringify } from 'yaml';
import type { SideExplanation } from '../../explain/explain-side.ts';
import type { ExplainedEnd } from '../../explain/explainer.ts';
import type { Pair } from '../../explain/pairs.ts';
import type { Suggestion } from '../../explain/suggest.ts';
import { printable } from '../../model/printable.ts';
import type { Answer } from './answer.ts';
import { counterLines } from './counters.ts';

const MOST_PAIRS = 8;

const endText = ({ name, address }: ExplainedEnd): string => (name === address ? name : `${name} (${address})`);

const sideLines = ({ text, policies, nearest, state }: SideExplanation): readonly string[] => {
  const [head = ''] = state === 'open' || state === 'closed' ? [text] : text.split('; ');
  const rules = policies.flatMap(({ policy, allowsNothing, rules: all }) => [
    ...(allowsNothing === undefined ? [] : [`    ✗ ${policy}: ${allowsNothing}`]),
    ...all.map((rule) => {
      const isNearest = nearest?.policy === rule.policy && nearest.field === rule.field;
      return `    ${rule.matches ? '✓' : '✗'} ${rule.text}${isNearest ? ' (nearest)' : ''}`;
    }),
  ]);
  return [`  ${head}`, ...rules];
};

const pairText = ({ from, to, protocol, port }: Pair): string => {
  const what =
    port === 'others' ? (protocol === 'other' ? 'other protocols' : `other ${protocol} ports`) : `${protocol} ${port}`;
  return `${from} → ${to} ${what}`;
};

const count = (number: number): string => `${number} ${number === 1 ? 'pair' : 'pairs'}`;

const effectText = ({ opens, closes, isolates, isCounted }: Suggestion): string =>
  [
    `opens ${isCounted ? '' : 'at least '}${count(opens.length)}`,
    ...(closes.length === 0 ? [] : [`closes ${count(closes.length)}`]),
    ...(isolates.length === 0 ? [] : [`isolates ${isolates.join(', ')}`]),
  ].join(', ');

const changeText = ({ changes }: Suggestion): string => changes.map(({ text }) => text).join('; and ');

/** The manifests of a suggestion as YAML documents, ready to review. */
export const manifestsText = ({ manifests }: Suggestion): string =>
  manifests
    .map((manifest) => stringify(manifest, { aliasDuplicateObjects: false, lineWidth: 0 }).trimEnd())
    .join('\n---\n');

const pairLines = (title: string, pairs: readonly Pair[]): readonly string[] => {
  if (pairs.length === 0) return [];
  const shown = pairs.slice(0, MOST_PAIRS).map((pair) => `    ${title} ${pairText(pair)}`);
  const rest = pairs.length - shown.length;
  return rest === 0 ? shown : [...shown, `    and ${rest} more`];
};

const suggestionLines = ([first, ...others]: readonly Suggestion[]): readonly string[] => {
  if (first === undefined) return ['  no change of one rule, policy or label that was tried allows it'];
  return [
    `  smallest change (${effectText(first)}): ${changeText(first)}`,
    ...pairLines('opens', first.opens),
    ...pairLines('closes', first.closes),
    ...others.map((each) => `  or (${effectText(each)}): ${changeText(each)}`),
  ];
};

const alikeText = (alike: number): string =>
  alike === 1 ? '' : ` (and for ${alike - 1} ${alike === 2 ? 'other pair' : 'other pairs'} of pods like them)`;

const answerText = (each: Answer): string => {
  const { from, to, protocol, port, verdict, exemption, egress, ingress, suggestions, alike, counters = [] } = each;
  const head = `${endText(from)} → ${endText(to)} ${protocol} ${port}: ${verdict}${alikeText(alike)}`;
  const why = exemption === undefined ? [...sideLines(egress), ...sideLines(ingress)] : [`  ${exemption}`];
  const lines = [
    head,
    ...why,
    ...counterLines(counters),
    ...(verdict === 'denied' ? suggestionLines(suggestions) : []),
  ].map(printable);
  const [first] = suggestions;
  return first === undefined ? lines.join('\n') : `${lines.join('\n')}\n\n${manifestsText(first)}`;
};

export const describeAnswers = (answers: readonly Answer[]): string => answers.map(answerText).join('\n\n');
