import { formatProblem } from '../../../cluster/manifest/place.ts';
import { familyOf } from '../../../policy/cidr.ts';
import { factsOf } from '../../../page/cluster.ts';
import type { Entry, SeenFact } from '../../../page/entries.ts';
import type { WorkloadOf } from '../../../reach/workloads.ts';
import { createEventLog } from '../../ui/event-log.ts';
import { outsideEntries, problemEntry } from '../../ui/page-entries.ts';
import { machinesOf } from '../machine.ts';
import type { Picture } from '../picture.ts';
import type { Reading } from '../reading.ts';

/** What the page shows of a playground: its objects, and the connections that the kernel let through or refused. */
export interface PlaygroundFacts {
  note(picture: Picture): void;
  /** Notes a connection that somebody tried. */
  noteAttempt(connection: Pick<SeenFact, 'from' | 'to' | 'protocol' | 'port' | 'verdict'>, text: string): void;
  entries(): readonly Entry[];
}

const VERDICTS: Readonly<Partial<Record<Reading['measured'], SeenFact['verdict']>>> = {
  open: 'allowed',
  refused: 'allowed',
  timeout: 'refused',
};

/** @param now in ms since the epoch */
export const createPlaygroundFacts = (workloadOf: () => WorkloadOf, now: () => number): PlaygroundFacts => {
  const log = createEventLog(now);
  let seen = new Map<string, SeenFact>();
  let picture: Picture | undefined;

  const see = (
    connection: Pick<SeenFact, 'from' | 'to' | 'protocol' | 'port' | 'verdict'>,
    before: ReadonlyMap<string, SeenFact>,
  ): void => {
    const { from, to, protocol, port, verdict } = connection;
    const key = [from, to, protocol, port].join(' ');
    const known = before.get(key);
    const last = now();
    // A verdict that turned is counted from one again.
    const isSame = known?.verdict === verdict;
    seen.set(key, {
      kind: 'seen',
      ...connection,
      count: isSame ? known.count + 1 : 1,
      first: isSame ? known.first : last,
      last,
    });
  };

  return {
    note(fresh) {
      log.note(fresh.world.snapshot);
      const before = seen;
      seen = new Map();
      const machines = new Map(machinesOf(fresh.world).map((machine) => [machine.name, machine]));
      for (const { from, to, protocol, port, family, measured } of fresh.readings) {
        const verdict = VERDICTS[measured];
        const [source, target] = [from, to].map((name) =>
          machines.get(name)?.ips.find((ip) => familyOf(ip) === family),
        );
        if (verdict === undefined || source === undefined || target === undefined) continue;
        const turned = before.get([source, target, protocol, port].join(' '));
        if (turned !== undefined && turned.verdict !== verdict) {
          log.add(verdict, `${from} → ${to} ${protocol} ${port}: ${verdict} from now on`);
        }
        see({ from: source, to: target, protocol, port, verdict }, before);
      }
      picture = fresh;
    },
    noteAttempt(connection, text) {
      see(connection, new Map(seen));
      log.add(connection.verdict, text);
    },
    entries() {
      if (picture === undefined) return [];
      const { world, problems, warnings } = picture;
      const texts = [...problems.map(formatProblem), ...warnings];
      return [
        ...factsOf(world.snapshot, workloadOf()),
        ...outsideEntries(world.externals),
        ...seen.values(),
        ...texts.map(problemEntry),
        ...log.events(),
      ];
    },
  };
};
