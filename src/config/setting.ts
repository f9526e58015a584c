/** A setting, by flag or environment variable; the flag wins. */
export interface Setting<Value> {
  /** The flag without its dashes; it determines the variable's name. */
  readonly flag: string;
  /** The name of the value in the help; absent for a flag without a value. */
  readonly placeholder?: string;
  readonly help: string;
  /** The default, as a person would type it. */
  readonly initial?: string;
  /** Whether the agent cannot run without it. */
  readonly required?: true;
  /** The accepted values, for error messages. */
  readonly accepts: string;
  /** @returns undefined for an invalid text */
  readonly read: (text: string) => Value | undefined;
}

/** Returns the environment variable of a flag: `node-name` is PORTCULLIS_NODE_NAME. */
export const variableOf = (flag: string): string => `PORTCULLIS_${flag.toUpperCase().replaceAll('-', '_')}`;

/** Returns both names of a setting, for messages about its absence. */
export const namesOf = ({ flag }: Pick<Setting<unknown>, 'flag'>): string => `--${flag} (${variableOf(flag)})`;

type Described<Value> = Omit<Setting<Value>, 'read' | 'accepts'>;

/** Makes a setting with a fixed list of values. */
export const oneOf = <Value extends string>(values: readonly Value[], setting: Described<Value>): Setting<Value> => ({
  ...setting,
  accepts: `one of ${values.join(', ')}`,
  read: (text) => values.find((value) => value === text),
});
