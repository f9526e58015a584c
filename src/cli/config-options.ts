import { type Command, Option } from 'commander';
import { type Setting, variableOf } from '../config/setting.ts';
import { SETTINGS } from '../config/settings.ts';

const describe = ({ flag, help, initial }: Setting<unknown>): string => {
  const notes = [...(initial === undefined ? [] : [`default ${initial}`]), variableOf(flag)];
  return `${help} (${notes.join('; ')})`;
};

/**
 * Declares every setting of the agent as an option. Missing options stay absent from `command.opts()`, so that
 * parseConfig can read the environment for them.
 */
export const addConfigOptions = (command: Command): void => {
  for (const setting of Object.values<Setting<unknown>>(SETTINGS)) {
    const value = setting.placeholder === undefined ? '' : ` <${setting.placeholder}>`;
    command.addOption(new Option(`--${setting.flag}${value}`, describe(setting)));
  }
};
