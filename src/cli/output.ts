import { Option } from 'commander';
import { stringify } from 'yaml';

/** How a verb prints its result. */
export type OutputFormat = 'text' | 'json' | 'yaml';

/** What `outputOption` leaves in the options of a verb. */
export interface OutputOptions {
  readonly output: OutputFormat;
}

/** `-o text|json|yaml`, the same for all verbs that print a result. */
export const outputOption = (): Option =>
  new Option('-o, --output <format>', 'print the result as').choices(['text', 'json', 'yaml']).default('text');

/**
 * A result in the format asked for, ending with a newline.
 * @param document plain data: no Map, no Set, no undefined in lists
 * @param text the same for people
 */
export const formatOutput = (format: OutputFormat, document: unknown, text: () => string): string => {
  switch (format) {
    case 'json':
      return `${JSON.stringify(document, undefined, 2)}\n`;
    case 'yaml':
      return stringify(document, { aliasDuplicateObjects: false, lineWidth: 0 });
    case 'text':
      return `${text().trimEnd()}\n`;
  }
};
