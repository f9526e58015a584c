import type { Tampering, TamperingKind } from './tampering.ts';

/** Maximum names of each kind in a description. */
const MOST_NAMES = 3;

const WORDS: Readonly<Record<TamperingKind, string>> = {
  jump_missing: 'the jump to our rules is gone from',
  jump_displaced: 'rules were put before our jump in',
  jump_added: 'other rules lead to our chains from',
  chain_missing: 'chains are gone',
  chain_changed: 'rules were changed in',
  chain_added: 'chains with our prefix were added',
  set_missing: 'sets are gone',
  set_changed: 'sets were re-created differently',
  members_added: 'members were added to',
  members_removed: 'members were removed from',
};

/** Describes in one sentence what was changed, with a few names of each kind. */
export const describeTampering = (tampering: readonly Tampering[]): string =>
  [...Map.groupBy(tampering, ({ kind }) => kind)]
    .map(([kind, found]) => {
      const names = found.slice(0, MOST_NAMES).map(({ name, family }) => `${name} (${family})`);
      const more = found.length > MOST_NAMES ? ` and ${found.length - MOST_NAMES} more` : '';
      return `${WORDS[kind]}: ${names.join(', ')}${more}`;
    })
    .join('; ');
