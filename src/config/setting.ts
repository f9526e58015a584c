/** One thing that can be set, by a flag or by an environment variable; the flag wins. */
export interface Setting<Value> {
  /** The flag without its dashes; the variable is named after it. */
  readonly flag: string;
  /** What stands for the value in the help; absent for a flag that takes none. */
  readonly placeholder?: string;
  readonly help: string;
  /** What counts when neither flag nor variable is given, as a person would type it. */
  readonly initial?: string;
  /** There is no agent without it. */
  readonly required?: true;
  /** The accepted values in words, for error messages. */
  readonly accepts: string;
  /** @returns undefined if the text is not acceptable */
  readonly read: (text: string) => Value | undefined;
}

/** The environment variable of a flag: `node-name` is PORTCULLIS_NODE_NAME. */
export const variableOf = (flag: string): string => `PORTCULLIS_${flag.toUpperCase().replaceAll('-', '_')}`;

/** Both names of a setting, for messages about its absence. */
export const namesOf = ({ flag }: Pick<Setting<unknown>, 'flag'>): string => `--${flag} (${variableOf(flag)})`;

type Described<Value> = Omit<Setting<Value>, 'read' | 'accepts'>;

/** A setting with a few possible values. */
export const oneOf = <Value extends string>(values: readonly Value[], setting: Described<Value>): Setting<Value> => ({
  ...setting,
  accepts: `one of ${values.join(', ')}`,
  read: (text) => values.find((value) => value === text),
});
