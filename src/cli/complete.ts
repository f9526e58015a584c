import { Command, type Option } from 'commander';
import type { VerbEntry } from './verbs.ts';

/** How a shell goes on, as programs with cobra tell it: file names, or nothing else (cobra's ShellCompDirective). */
const FILES = ':0';
const NOTHING_ELSE = ':4';

const line = (word: string, about: string): string => `${word}\t${about}`;

const takesValue = ({ required, optional }: Option): boolean => required || optional;

/** Options whose value is a file. */
const isOfFile = ({ long }: Option): boolean =>
  ['--filename', '--flows', '--kubeconfig', '--records-dir'].includes(long ?? '');

/**
 * Returns what can follow on a command line, in the form in which kubectl asks its plugins: a line each, with a tab before the
 * description, and a last line that tells whether file names fit too.
 *
 * @param words those after the program's name; the last one is being typed, and may be empty
 */
export const complete = async (words: readonly string[], verbs: readonly VerbEntry[]): Promise<readonly string[]> => {
  const [name, ...others] = words;
  const current = words.at(-1) ?? '';
  if (words.length <= 1) {
    const fitting = verbs.filter((verb) => verb.name.startsWith(current));
    return [...fitting.map((verb) => line(verb.name, verb.summary)), NOTHING_ELSE];
  }
  const entry = verbs.find((verb) => verb.name === name);
  if (entry === undefined) return [NOTHING_ELSE];
  const command = new Command(entry.name);
  (await entry.load()).declare(command);
  const before = others.at(-2);
  const asked = command.options.find((option) => before !== undefined && [option.short, option.long].includes(before));
  if (asked !== undefined && takesValue(asked)) {
    const choices = asked.argChoices ?? [];
    return [...choices.filter((choice) => choice.startsWith(current)), isOfFile(asked) ? FILES : NOTHING_ELSE];
  }
  if (!current.startsWith('-')) return [command.registeredArguments.length > 0 ? FILES : NOTHING_ELSE];
  const options = command.options.filter(({ hidden, long }) => !hidden && long?.startsWith(current) === true);
  return [...options.map((option) => line(option.long ?? '', option.description)), NOTHING_ELSE];
};
