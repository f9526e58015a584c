import { PROTOCOLS } from '../../../model/protocol.ts';
import type { WorkloadOf } from '../../../reach/workloads.ts';
import { machinesOf } from '../machine.ts';
import type { Picture } from '../picture.ts';
import type { StoryBook } from '../story/story-book.ts';
import { isAsTold } from '../story/result-lines.ts';
import { describeAttempt, tryConnection } from '../story/try-connection.ts';
import { type WatchedWorld, watchWorld } from '../watch-world.ts';
import { servePage } from './inside.ts';
import { overlayPolicies } from './overlay.ts';
import { createPlaygroundFacts } from './playground-facts.ts';
import type { Wish } from './protocol.ts';

export interface PageDeps extends WatchedWorld {
  readonly workloadOf: () => WorkloadOf;
  /** The stories to go through; it is also the source. Absent where a folder is followed. */
  readonly book?: StoryBook;
}

const META = { mode: 'playground', observes: true } as const;

/** Shows a playground in the page. It ends with the process. */
export const showPage = async (deps: PageDeps, title: string): Promise<void> => {
  const { playground, describeFaults, workloadOf, book } = deps;
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

  let waiting: readonly (() => void)[] = [];
  /** Resolves when the newest state is in force. */
  const inForce = (): Promise<void> =>
    new Promise((resolve) => {
      waiting = [...waiting, resolve];
    });

  const tell = async ({ story, step }: Extract<Wish, { op: 'tell' }>): Promise<string> => {
    if (book === undefined) throw new Error('this playground follows a folder: it tells no story');
    await book.turnTo(story, step);
    source.reset();
    publish();
    await inForce();
    const results = await book.tryStep();
    publish();
    const missed = results.filter((result) => !isAsTold(result)).length;
    return `${results.length - missed} of ${results.length} connections ended as told`;
  };

  const fulfil = (wish: Wish): Promise<string> => {
    if (wish.op === 'apply') return Promise.resolve(wish.yaml).then((yaml) => source.apply(yaml));
    return wish.op === 'tell' ? tell(wish) : attempt(wish);
  };
  const page = await servePage(fulfil);
  const publish = (): void =>
    page.publish({ meta: { title, ...META }, entries: [...facts.entries(), ...(book?.facts() ?? [])] });
  const onMeasured = (picture: Picture): void => {
    facts.note(picture);
    publish();
  };
  const onApplied = (picture: Picture): void => {
    onMeasured(picture);
    if (source.read()?.world !== picture.world) return;
    for (const resolve of waiting) resolve();
    waiting = [];
  };
  return watchWorld({ source, playground, describeFaults }, { onApplied, onMeasured });
};
