import type { IpFamily } from '../model/family.ts';
import { messageOf } from '../model/message-of.ts';
import { type ChainName, markerSet } from '../program/names.ts';
import type { Match, SetType } from '../program/node-program.ts';
import type { Kernel } from '../reconcile/kernel.ts';
import { EMPTY_PLAN } from '../render/plan.ts';
import { tryOutText } from '../render/plan-table.ts';
import { type CommandRunner } from './command.ts';
import type { Backend } from './iptables.ts';
import { createIpSets } from './restore-programs.ts';

/** A missing requirement of every policy. */
interface Missing {
  /** A kernel module, or a tool, by the name that people look for. */
  readonly what: string;
  /** The tool's own message. */
  readonly because: string;
}

/** Messages of tools about something that is missing, as opposed to busy, full or wrong. */
const NOT_THERE =
  /not supported|missing kernel module|no such file or directory|does not exist|couldn't load|cannot open session|can't open socket|not found|ENOENT|no chain\/target\/match|protocol not available/i;

/** Set types in every rule set; a type that only some policies need closes only those. */
const NEEDED_SETS: readonly SetType[] = ['hash:ip', 'hash:ip,port,ip'];

const MODULES: Readonly<Record<SetType, string>> = {
  'hash:ip': 'ip_set_hash_ip',
  'hash:net': 'ip_set_hash_net',
  'hash:ip,port': 'ip_set_hash_ipport',
  'hash:ip,port,ip': 'ip_set_hash_ipportip',
};

const INET: Readonly<Record<IpFamily, string>> = { ipv4: 'inet', ipv6: 'inet6' };

/** @returns why it is missing; undefined if it exists, and for any other failure */
const absence = async (attempt: () => Promise<unknown>): Promise<string | undefined> => {
  try {
    await attempt();
    return undefined;
  } catch (error) {
    const words = messageOf(error);
    return NOT_THERE.test(words) ? words : undefined;
  }
};

const missingSets = async (runner: CommandRunner, family: IpFamily): Promise<readonly Missing[]> => {
  const sets = createIpSets(runner);
  const missing: Missing[] = [];
  for (const type of NEEDED_SETS) {
    const name = markerSet(`needed ${type} ${family}`);
    const because = await absence(() =>
      sets.restore(`create ${name} ${type} family ${INET[family]}\ndestroy ${name}\n`),
    );
    if (because === undefined) continue;
    const isAny = /cannot open session|can't open socket|ENOENT|protocol not available/i.test(because);
    missing.push({ what: isAny ? 'ip_set (or ipset(8))' : `${MODULES[type]} (${type})`, because });
    if (isAny) break;
  }
  return missing;
};

const missingMatches = async (
  kernel: Kernel,
  runner: CommandRunner,
  backend: Backend,
  family: IpFamily,
): Promise<readonly Missing[]> => {
  const sets = createIpSets(runner);
  const set = markerSet(`needed match ${family}`);
  const load = (matches: readonly Match[]): Promise<void> =>
    kernel.apply({
      ...EMPTY_PLAN,
      tables: {
        [family]: tryOutText([{ name: 'needed' as ChainName, rules: [{ matches, verdict: { kind: 'drop' } }] }]),
      },
    });
  const table = await absence(() => load([]));
  if (table !== undefined)
    return [{ what: `${backend === 'nft' ? 'nf_tables' : 'ip_tables'} for ${family}`, because: table }];
  await sets.restore(`create ${set} hash:ip family ${INET[family]}\n`);
  try {
    const ofSets = await absence(() => load([{ kind: 'set', set, fields: 'src' }]));
    const ofConnections = await absence(() => load([{ kind: 'established' }]));
    if (ofSets !== undefined && ofConnections !== undefined && backend === 'nft') {
      return [{ what: 'nft_compat (or both xt_set and xt_conntrack)', because: ofSets }];
    }
    return [
      ...(ofSets === undefined ? [] : [{ what: 'xt_set', because: ofSets }]),
      ...(ofConnections === undefined ? [] : [{ what: 'xt_conntrack (nf_conntrack)', because: ofConnections }]),
    ];
  } finally {
    await sets.restore(`destroy ${set}\n`).catch(() => undefined);
  }
};

/**
 * Tries out, where no packet can reach it, what every rule set consists of. Reports only what is missing for all
 * families: a lack in one family is that family's own failure. Never rejects.
 */
export const findMissing = async (
  kernel: Kernel,
  runner: CommandRunner,
  backend: Backend,
): Promise<readonly Missing[]> => {
  const byFamily: (readonly Missing[])[] = [];
  for (const family of kernel.families) {
    const sets = await missingSets(runner, family).catch(() => []);
    const missing = sets.length > 0 ? sets : await missingMatches(kernel, runner, backend, family).catch(() => []);
    if (missing.length === 0) return [];
    byFamily.push(missing);
  }
  const all = new Map(byFamily.flat().map((each) => [each.what, each]));
  return [...all.values()];
};
