import { Document, isMap, isSeq, YAMLSeq } from 'yaml';
import { policyManifest } from '../../explain/change.ts';
import { printable } from '../../model/printable.ts';
import { type Coverage, isShort, type SeenLine } from '../../suggest/coverage.ts';
import type { LeftOut } from '../../suggest/seen-edges.ts';
import type { SuggestedPolicy, SuggestedRule, Suggestions } from '../../suggest/suggest.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;

const count = (number: number, one: string, many = `${one}s`): string => `${number} ${number === 1 ? one : many}`;

const duration = (ms: number): string => {
  if (ms < 2 * MINUTE_MS) return count(Math.max(0, Math.round(ms / 1000)), 'second');
  return ms < 2 * HOUR_MS ? count(Math.round(ms / MINUTE_MS), 'minute') : count(Math.round(ms / HOUR_MS), 'hour');
};

const seen = ({ text, count: times, first, last }: SeenLine): string =>
  `${text}: seen ${times} times, first ${first}, last ${last}`.replace('seen 1 times', 'seen once');

/** A heading with lines below it; nothing where there are none. */
const section = (heading: string, lines: readonly string[]): readonly string[] =>
  lines.length === 0 ? [] : ['', heading, ...lines.map((line) => `  ${line}`)];

const coverageLines = (coverage: Coverage): readonly string[] => {
  const { from, to, nodes, unanswered, edges, silent, neverOpened, neverAsked, fresh } = coverage;
  const long = duration(Date.parse(to) - Date.parse(from));
  return [
    `Made of ${count(edges, 'edge')} that were seen in ${long}: from ${from} to ${to}.`,
    ...(isShort(coverage)
      ? ['This is less than a day. Work that runs seldom was not seen, and these policies would refuse it.']
      : []),
    ...section(
      'Nodes, and since when each kept records:',
      nodes.map(({ node, since, gaps }) => [`${node} since ${since}`, ...gaps].join('; ')),
    ),
    ...section(
      'Nodes that did not answer: nothing is known of them.',
      unanswered.map(({ node, error }) => `${node}: ${error}`),
    ),
    ...section(
      'Nothing was seen of these workloads; no policy is suggested for them:',
      silent.map(({ workload, pods }) => `${workload} (${count(pods, 'pod')})`),
    ),
    ...section('These opened no connection; DNS apart, they will not be able to:', neverOpened),
    ...section('To these no connection was opened; none will be let in:', neverAsked),
    ...section('New in the last tenth of the time, so that there may be more of the kind:', fresh.map(seen)),
  ];
};

/** Up to this many lines tell what is left out for one reason. */
const MOST_LINES = 8;

/** What no rule was made of, by reason. */
const leftOutLines = (leftOut: readonly LeftOut[]): readonly string[] =>
  [...Map.groupBy(leftOut, ({ why }) => why)].flatMap(([why, alike]) => [
    `${why}: ${count(alike.length, 'edge')}`,
    ...alike.slice(0, MOST_LINES).map(({ text }) => `  ${text}`),
    ...(alike.length > MOST_LINES ? [`  and ${alike.length - MOST_LINES} more, which -o json has`] : []),
  ]);

const headOf = ({ coverage, secondLooks, leftOut }: Suggestions): string =>
  [
    'Suggested by portcullis from recorded traffic. Nothing was applied: review it first.',
    ...coverageLines(coverage),
    ...section(
      'Deserves a second look:',
      secondLooks.map(({ why, ...line }) => `${line.text}: ${why}`),
    ),
    ...section('No rule was made of:', leftOutLines(leftOut)),
  ]
    .map((line) => ` ${printable(line)}`.trimEnd())
    .join('\n');

const commentOf = ({ evidence, remarks }: SuggestedRule): string =>
  [...evidence.map(seen), ...remarks].map((line) => ` ${printable(line)}`).join('\n');

const listAt = (document: Document, path: readonly string[]): YAMLSeq => {
  const found = document.getIn(path, true);
  return isSeq(found) ? found : new YAMLSeq();
};

const policyDocument = (suggested: SuggestedPolicy): Document => {
  const document = new Document(policyManifest(suggested.policy), { aliasDuplicateObjects: false });
  for (const direction of ['ingress', 'egress'] as const) {
    const rules = suggested.rules.filter((rule) => rule.direction === direction);
    listAt(document, ['spec', direction]).items.forEach((item, at) => {
      const rule = rules[at];
      if (rule !== undefined && isMap(item)) item.commentBefore = commentOf(rule);
    });
  }
  document.commentBefore = ` ${printable(suggested.workload)}: ${count(suggested.pods, 'pod')}`;
  return document;
};

/** Returns the policies as YAML to review and apply, with the evidence of each rule as a comment. */
export const suggestionsYaml = (suggestions: Suggestions): string => {
  const documents = suggestions.policies.map((each) =>
    policyDocument(each).toString({ lineWidth: 0, commentString: (text) => text.replaceAll(/^/gm, '#') }),
  );
  const head = headOf(suggestions).replaceAll(/^/gm, '#');
  return `${[head, ...documents].map((text) => text.trimEnd()).join('\n---\n')}\n`;
};
