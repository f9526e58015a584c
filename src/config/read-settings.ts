import { ConfigError } from './config-error.ts';
import { namesOf, type Setting, variableOf } from './setting.ts';
import { SETTINGS, type SettingName } from './settings.ts';

/** The flags as typed, by setting; a flag without a value is true. */
export type Flags = Readonly<Partial<Record<SettingName, string | boolean>>>;

export type Environment = Readonly<Record<string, string | undefined>>;

type ValueOf<Kind> = Kind extends Setting<infer Value> ? Value : never;

/** Settings that may be missing: the choices of the source, and TLS. */
type OptionalName = 'kubeconfig' | 'manifests' | 'inCluster' | 'tlsCert' | 'tlsKey';

/** The value of every setting. */
export type Values = { readonly [Name in Exclude<SettingName, OptionalName>]: ValueOf<(typeof SETTINGS)[Name]> } & {
  readonly [Name in OptionalName]?: ValueOf<(typeof SETTINGS)[Name]>;
};

/** Returns the text of a setting and the flag or variable that has it; undefined if neither is set. */
const findText = (
  name: SettingName,
  flags: Flags,
  env: Environment,
): readonly [text: string, origin: string] | undefined => {
  const setting: Setting<unknown> = SETTINGS[name];
  const typed = flags[name];
  if (typed !== undefined) return [String(typed), `--${setting.flag}`];
  const variable = variableOf(setting.flag);
  const text = env[variable] ?? '';
  // An empty variable counts as not set: a template left it empty.
  if (text !== '') return [text, variable];
  return setting.initial === undefined ? undefined : [setting.initial, `--${setting.flag}`];
};

/**
 * Reads every setting from flags and environment.
 * @throws ConfigError with all missing or invalid settings
 */
export const readSettings = (flags: Flags, env: Environment): Values => {
  const problems: string[] = [];
  const values = new Map<string, unknown>();
  for (const name of Object.keys(SETTINGS) as SettingName[]) {
    const setting: Setting<unknown> = SETTINGS[name];
    const found = findText(name, flags, env);
    if (found === undefined) {
      if (setting.required === true) problems.push(`${namesOf(setting)} is missing: ${setting.help}`);
      continue;
    }
    const [text, origin] = found;
    const value = setting.read(text);
    if (value === undefined) problems.push(`${origin}: "${text}" is not ${setting.accepts}`);
    values.set(name, value);
  }
  if (problems.length > 0) throw new ConfigError(problems);
  return Object.fromEntries(values) as Values;
};
