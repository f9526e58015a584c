import type { IpFamily } from '../../../src/model/family.ts';
import type { IptablesBackend } from '../../../src/lab/settings.ts';
import type { Families, Network } from '../stage/setting.ts';
import type { Attack } from './attack.ts';
import type { Row } from './run-attacks.ts';

/** An attack that succeeds and must be closed: its success is no failure, but its end is, since the entry is then wrong. */
export interface KnownOpen {
  readonly attack: string;
  readonly reason: string;
  readonly networks?: readonly Network[];
  readonly families?: readonly Families[];
  readonly family?: IpFamily;
  readonly backend?: IptablesBackend;
}

/** Reports whether an entry refers to that row. */
const isAbout = (entry: KnownOpen, row: Row): boolean =>
  entry.attack === row.attack &&
  (entry.networks?.includes(row.network) ?? true) &&
  (entry.families?.includes(row.families) ?? true) &&
  (entry.family === undefined || entry.family === row.family) &&
  (entry.backend === undefined || entry.backend === row.backend);

/** Reports whether the kernel refuses an attack without any rule. */
export const isRefused = ({ kind, refused }: Attack, { network, family }: Row): boolean =>
  kind === 'kernel' ||
  (refused !== undefined && refused.networks.includes(network) && (refused.families?.includes(family) ?? true));

/** Reports whether a rule was made against an attack and stops it on at least one network. */
export const isClosed = ({ kind, networks, weak }: Attack): boolean =>
  kind === 'closed' && !networks.every((network) => weak?.networks.includes(network));

/** Returns what is wrong with a row, in words; nothing if the row is as its attack says. */
export const faultsOf = (attack: Attack, row: Row, open: readonly KnownOpen[]): readonly string[] => {
  const weak = attack.weak?.networks.includes(row.network) ?? false;
  const refused = isRefused(attack, row);
  const known = open.find((entry) => isAbout(entry, row));
  return [
    ...(row.off === refused
      ? [
          row.off
            ? 'it arrives without agents, though the kernel is said to refuse it'
            : 'it does not even arrive without agents',
        ]
      : []),
    ...(row.on && !weak && known === undefined ? ['it gets through'] : []),
    ...(!row.on && weak ? ['it does not get through any more, though it is said that it cannot be held'] : []),
    ...(!row.on && known !== undefined ? [`it is no longer open: take its entry away (${known.reason})`] : []),
    // An attack that gets through may spoil the state that its twin needs.
    ...(row.twin || known !== undefined ? [] : ['the like traffic that is allowed does not pass']),
  ];
};
