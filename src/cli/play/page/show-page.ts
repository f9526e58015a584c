import { PROTOCOLS } from '../../../model/protocol.ts';
import type { WorkloadOf } from '../../../reach/workloads.ts';
import { showLive } from '../live.ts';
import { machinesOf } from '../machine.ts';
import type { DescribeFaults } from '../observe.ts';
import { plain } from '../paint.ts';
import type { Playground } from '../playground.ts';
import type { Screen } from '../screen.ts';
import { describeAttempt, tryConnection } from '../story/try-connection.ts';
import type { WorldSource } from '../world-source.ts';
import { servePage } from './inside.ts';
import { overlayPolicies } from './overlay.ts';
import { createPlaygroundFacts } from './playground-facts.ts';
import type { Wish } from './protocol.ts';

export interface PageDeps {
  readonly source: WorldSource;
  readonly playground: Playground;
  readonly describeFaults: DescribeFaults;
  readonly workloadOf: () => WorkloadOf;
  readonly clockTime: () => string;
}

/** The terminal has the link alone. */
const NO_SCREEN: Screen = { out: () => undefined, terminal: false, width: () => 80, height: () => 24, paint: plain };

const META = { mode: 'playground', observes: true } as const;

/** Shows a playground in the page. It ends with the process. */
export const showPage = async (deps: PageDeps, title: string): Promise<void> => {
  const { playground, describeFaults, workloadOf, clockTime } = deps;
  const source = overlayPolicies(deps.source);
  const facts = createPlaygroundFacts(workloadOf, Date.now);

  /** Tries a connection from the pod's own network namespace, as a person would. */
  const attempt = async ({
    source: from,
    destination,
    protocol: wanted,
    port,
  }: Extract<Wish, { op: 'try' }>): Promise<string> => {
    const world = source.read()?.world;
    const machines = world === undefined ? [] : machinesOf(world);
    const [here, there] = [from, destination].map((ip) => machines.find(({ ips }) => ips.includes(ip)));
    const actor = here === undefined ? undefined : playground.actor(here.name);
    const protocol = PROTOCOLS.find((each) => each === wanted);
    if (here === undefined || actor === undefined)
      throw new Error(`${from} is no pod and no machine of the playground`);
    if (there === undefined) throw new Error(`${destination} is no pod and no machine of the playground`);
    if (protocol === undefined || protocol === 'SCTP')
      throw new Error(`${wanted} cannot be tried: only TCP and UDP can`);
    const target = { host: destination, sockets: [{ ip: destination, port }] };
    const curl = { to: there.name, protocol, port };
    const ending = await tryConnection(actor, target, curl);
    const text = `${here.name} $ ${describeAttempt(target, curl)}\n${ending.text}`;
    if (ending.kind !== 'fails') {
      const verdict = ending.kind === 'answers' ? 'allowed' : 'refused';
      facts.noteAttempt({ from, to: destination, protocol, port, verdict }, text.replaceAll('\n', ': '));
      publish();
    }
    return text;
  };

  const page = await servePage(async (wish) => (wish.op === 'apply' ? source.apply(wish.yaml) : attempt(wish)));
  const publish = (): void => page.publish({ meta: { title, ...META }, entries: facts.entries() });
  return showLive(
    {
      source,
      playground,
      screen: NO_SCREEN,
      describeFaults,
      clockTime,
      onPicture(picture) {
        facts.note(picture);
        publish();
      },
    },
    { title, why: false, hints: [] },
  );
};
