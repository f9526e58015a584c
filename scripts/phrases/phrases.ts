/** A phrase that a reader has to read twice, and what to write instead. */
export interface Phrase {
  /** Its words. A blank also matches a line break within a comment or a paragraph. */
  readonly pattern: string;
  readonly instead: string;
  /** A text with the phrase, and the same in plain form. */
  readonly example: readonly [phrase: string, plain: string];
}

/** The phrases that `npm run check` refuses, in comments, titles, messages and documents alike. */
export const PHRASES: readonly Phrase[] = [
  {
    pattern: String.raw`\bso many\b`,
    instead: 'give the number: "up to N", "this many"',
    example: ['Requests at once: so many and no more.', 'Maximum requests at once.'],
  },
  {
    pattern: String.raw`\bso (?:often|seldom)\b`,
    instead: 'give the interval: "every N ms", "interval of …"',
    example: ['The file is read so often.', 'Interval at which the file is read.'],
  },
  {
    pattern: String.raw`\bso long\b(?! as\b)`,
    instead: 'give the time: "for N ms", "for this long", "maximum wait"',
    example: ['After so long it is given up.', 'It is abandoned after this time.'],
  },
  {
    pattern: String.raw`, (?:ms|s|bytes|characters|seconds|MB|kB)(?=\.(?:\s|$)| \*/)`,
    instead: 'put the unit into the name, or write "in ms" where the number is described',
    example: ['How long an answer may take, ms.', 'Maximum time of an answer, in ms.'],
  },
  {
    pattern: String.raw`\b(?:is|are|was|were|be|been|being)(?: not| also| only| once)? told\b(?! apart)`,
    instead: 'say who does what: "reports", "logs", "is called with", "is known"',
    example: ['A failure is told once.', 'A failure is logged once.'],
  },
  {
    pattern: String.raw`\bwhat is told\b`,
    instead: 'name the thing: "the message", "the report", "the event"',
    example: ['It depends on what is told.', 'It depends on the report.'],
  },
  {
    pattern: String.raw`\btold apart\b`,
    instead: '"distinguished", "separated"',
    example: ['Families are told apart.', 'Families are distinguished.'],
  },
  {
    pattern: String.raw`\b(?:tell|tells|told) of\b`,
    instead: '"reports", "describes", "shows"',
    example: ['The kernel tells of changes.', 'The kernel reports changes.'],
  },
  {
    pattern: String.raw`\b(?:is|are|was|were|be|been|being)(?: not| also| only)? asked\b`,
    instead: 'say who calls or requests what: "called at each update", "requests the list"',
    example: ['The list is asked for twice.', 'The agent requests the list twice.'],
  },
  {
    pattern: String.raw`\bnobody (?:tells|hears|asks|wants|looks)\b`,
    instead: 'say what does not happen: "there is no report", "unwanted", "not read"',
    example: ['A set that nobody wants.', 'A stale set.'],
  },
  {
    pattern: String.raw`\b(?:hear|hears|heard) of\b`,
    instead: '"receives", "learns", "gets"',
    example: ['The agent hears of each change.', 'The agent receives each change.'],
  },
  {
    pattern: String.raw`\b(?:look|looks|looking|looked) around\b`,
    instead: '"reads the node", "scans"',
    example: ['It looks around every minute.', 'It reads the node every minute.'],
  },
  {
    pattern: String.raw`\b(?:is|are|was|were|be|been) looked (?:at|for|through)\b`,
    instead: '"is read", "is checked", "is searched"',
    example: ['The table is looked at.', 'The agent reads the table.'],
  },
  {
    pattern: String.raw`\bput right\b`,
    instead: '"repaired"',
    example: ['The rules are put right.', 'The rules are repaired.'],
  },
  {
    pattern: String.raw`\b(?:is|are|was|were) to be\b`,
    instead: '"must be", "will be", or an active verb',
    example: ['The set is to be destroyed.', 'The set must be destroyed.'],
  },
  {
    pattern: String.raw`\bprograms? that stays?\b`,
    instead: '"restore program", "standing program"',
    example: ['A program that stays takes the text.', 'A restore program takes the text.'],
  },
  {
    pattern: String.raw`(?<!const )\bwhat of\b(?! \[)`,
    instead: 'name it: "the part of …", "the rules of …"',
    example: ['What of the table is ours.', 'Our part of the table.'],
  },
  {
    pattern: String.raw`\bhangs? on (?:a|an|it|its|no|one|the|their|which|bridges?)\b`,
    instead: '"is attached to"',
    example: ['A pod hangs on a bridge.', 'A pod is attached to a bridge.'],
  },
  {
    pattern: String.raw`\banew\b`,
    instead: '"again", "re-created"',
    example: ['The set is made anew.', 'The set is re-created.'],
  },
];

/** A phrase in a text; lines count from 1. */
export interface FoundPhrase {
  readonly line: number;
  readonly text: string;
  readonly instead: string;
}

/** Matches a blank, or a line break with the start of the next line of a comment or a quotation. */
const BLANK = String.raw`(?:[ \t]+|[ \t]*\n[ \t]*(?:(?:\*|//|#|>)[ \t]+)?)`;

const compiled = PHRASES.map(({ pattern, instead }) => ({
  // A lookahead such as `(?! as\b)` has a blank too, which may also be a line break.
  pattern: new RegExp(pattern.replaceAll(' ', BLANK), 'gi'),
  instead,
}));

/** Finds every phrase in a text, in order. */
export const findPhrases = (text: string): readonly FoundPhrase[] =>
  compiled
    .flatMap(({ pattern, instead }) =>
      [...text.matchAll(pattern)].map((match) => ({
        at: match.index,
        text: match[0].replaceAll(/\s+(?:(?:\*|\/\/|#|>)\s+)?/g, ' '),
        instead,
      })),
    )
    .toSorted((one, other) => one.at - other.at)
    .map(({ at, text: phrase, instead }) => ({ line: text.slice(0, at).split('\n').length, text: phrase, instead }));
