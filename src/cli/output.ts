import { Option } from 'commander';
import { stringify } from 'yaml';
import { printableJson } from '../model/printable.ts';

/** How a verb prints its result. */
export type OutputFormat = 'text' | 'json' | 'yaml';

/** What `outputOption` leaves in the options of a verb. */
export interface OutputOptions {
  readonly output: OutputFormat;
}

/** `-o text|json|yaml`, the same for all verbs that print a result. */
export const outputOption = (): Option =>
  new Option('-o, --output <format>', 'print the result as').choices(['text', 'json', 'yaml']).default('text');

const YAML_OPTIONS = { aliasDuplicateObjects: false, lineWidth: 0 } as const;

/** Where a text holds what could command a terminal, all are in double quotes, where YAML has escapes for it as JSON has. */
const yamlOf = (document: unknown): string => {
  const text = stringify(document, YAML_OPTIONS);
  return printableJson(text) === text
    ? text
    : printableJson(stringify(document, { ...YAML_OPTIONS, defaultStringType: 'QUOTE_DOUBLE' }));
};

/**
 * A result in the format asked for, ending with a newline.
 * @param document plain data: no Map, no Set, no undefined in lists
 * @param text the same for people
 */
export const formatOutput = (format: OutputFormat, document: unknown, text: () => string): string => {
  switch (format) {
    case 'json':
      return `${printableJson(JSON.stringify(document, undefined, 2))}\n`;
    case 'yaml':
      return yamlOf(document);
    case 'text':
      return `${text().trimEnd()}\n`;
  }
};
