import { Option } from 'commander';
import { stringify } from 'yaml';
import { printableJson } from '../model/printable.ts';

/** The format of a verb's result. */
export type OutputFormat = 'text' | 'json' | 'yaml';

/** The options of a verb that `outputOption` sets. */
export interface OutputOptions {
  readonly output: OutputFormat;
}

/** Returns `-o text|json|yaml`, the same for all verbs that print a result. */
export const outputOption = (): Option =>
  new Option('-o, --output <format>', 'print the result as').choices(['text', 'json', 'yaml']).default('text');

const YAML_OPTIONS = { aliasDuplicateObjects: false, lineWidth: 0 } as const;

/**
 * Formats YAML. If a text could control a terminal, all texts are in double quotes, where YAML has the same escapes as
 * JSON.
 */
const yamlOf = (document: unknown): string => {
  const text = stringify(document, YAML_OPTIONS);
  return printableJson(text) === text
    ? text
    : printableJson(stringify(document, { ...YAML_OPTIONS, defaultStringType: 'QUOTE_DOUBLE' }));
};

/**
 * Returns a result in the chosen format, with a newline at the end.
 * @param document plain data: no Map, no Set, no undefined in lists
 * @param text returns the same for people
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
