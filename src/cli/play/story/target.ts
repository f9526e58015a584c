import { familyOf } from '../../../lab/addresses.ts';
import type { Judge, Judgement } from '../judge.ts';
import { type Machine, machinesOf } from '../machine.ts';
import type { World } from '../world.ts';
import { formatPlace } from './place-text.ts';
import { StoryError } from './read-story.ts';
import type { StoryCurl } from './story.ts';

interface Socket {
  readonly ip: string;
  readonly port: number;
}

/** The target of a story's connection. */
export interface Target {
  /** The host for curl: a name, or an address. */
  readonly host: string;
  /** Where packets may arrive: the machine, or the endpoints of the Service. */
  readonly sockets: readonly Socket[];
}

const targetOfMachine = ({ name, node, ips }: Machine, port: number): Target => {
  const [ip = ''] = ips;
  // Machines outside have their name in the hosts file; pods have none, as in a cluster.
  const host = node === undefined && !name.includes('/') ? name : ip;
  return { host, sockets: [{ ip, port }] };
};

/** @throws StoryError if the world has no such name, or nothing behind that port */
export const resolveTarget = (world: World, { to, port, protocol, place }: StoryCurl): Target => {
  const machine = machinesOf(world).find(({ name }) => name === to);
  if (machine !== undefined) return targetOfMachine(machine, port);
  const service = world.services.find(({ namespace, name }) => `${name}.${namespace}` === to);
  if (service === undefined) {
    throw new StoryError([`${formatPlace(place)}: to: there is no pod, Service or machine outside called ${to}`]);
  }
  const served = service.ports.find((each) => each.port === port && each.protocol === protocol);
  if (served === undefined || served.endpoints.length === 0) {
    throw new StoryError([`${formatPlace(place)}: port: nothing stands behind ${protocol} ${port} of Service ${to}`]);
  }
  return { host: to, sockets: served.endpoints };
};

/**
 * Returns the policies' verdict on a connection to any of the target's sockets.
 * @throws StoryError if the verdicts differ
 */
export const judgeTarget = (judge: Judge, source: Machine, target: Target, curl: StoryCurl): Judgement => {
  const judgements = target.sockets.flatMap(({ ip, port }) => {
    const from = source.ips.find((own) => familyOf(own) === familyOf(ip));
    return from === undefined ? [] : [judge.judge(from, ip, { protocol: curl.protocol, port })];
  });
  const [first, ...others] = judgements;
  if (first === undefined || others.some(({ expected }) => expected !== first.expected)) {
    const message = `the policies treat the pods behind ${curl.to} differently: name one of them instead`;
    throw new StoryError([`${formatPlace(curl.place)}: to: ${message}`]);
  }
  return first;
};
