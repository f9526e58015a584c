import fc from 'fast-check';
import type { PodEndpoint } from '../../../src/model/pod.ts';
import type { Sandbox } from '../../../src/model/sandbox.ts';
import { pod } from '../small-cluster.ts';
import { type NodeWords, tellNote, tellPod } from './node-words.ts';

/** What happens to one of a few pods of a node, or to the node. */
export interface NodeEvent {
  readonly what:
    | 'create'
    | 'sandbox'
    | 'status'
    | 'interface goes'
    | 'note goes'
    | 'terminate'
    | 'delete'
    | 'far status'
    | 'mirror'
    | 'reboot';
  /** Which pod. */
  readonly slot: number;
  /** Which address a new sandbox gets, of those that are free, or of all where `twice` says so. */
  readonly address: number;
  readonly twice: boolean;
  /** Whether time goes on by a millisecond, or by a second. */
  readonly ms: boolean;
  readonly second: boolean;
  /** Whether an agent is started now and compared. */
  readonly compare: boolean;
}

const SLOTS = 4;
const ADDRESSES = ['10.0.0.1', '10.0.0.2', '10.0.0.3', '10.0.0.4'];
const ROLES = ['dead', 'web', 'client', 'free'];
const STATIC_UID = 'a3c1f5d27b9e4c80a3c1f5d27b9e4c80';

/** Sandboxes and their ends are the most usual. */
const WEIGHTS: readonly (readonly [NodeEvent['what'], number])[] = [
  ['create', 4],
  ['sandbox', 6],
  ['status', 5],
  ['interface goes', 4],
  ['note goes', 4],
  ['terminate', 2],
  ['delete', 4],
  ['far status', 2],
  ['mirror', 1],
  ['reboot', 1],
];

export const nodeEvents: fc.Arbitrary<readonly NodeEvent[]> = fc.array(
  fc.record({
    what: fc.constantFrom(...WEIGHTS.flatMap(([what, weight]) => Array.from({ length: weight }, () => what))),
    slot: fc.nat(SLOTS - 1),
    address: fc.nat(ADDRESSES.length - 1),
    twice: fc.nat(9).map((roll) => roll === 0),
    ms: fc.nat(3).map((roll) => roll > 0),
    second: fc.nat(3).map((roll) => roll === 0),
    compare: fc.nat(5).map((roll) => roll === 0),
  }),
  { minLength: 4, maxLength: 24 },
);

/** A node whose pods come and go, as its kubelet, its runtime and the API server report them. */
export const createNode = (words: NodeWords) => {
  let now = 1_000_000;
  let count = 0;
  /** The uid that the API server gave each pod last, and the newest sandbox file of each. */
  const uids = new Map<number, string>();
  const files = new Map<number, string>();
  words.pods.set('witness', pod('x/witness', {}, { uid: 'witness', node: 'n2', ips: ['10.0.9.9'] }));

  const interfaceOf = (file: string): string => `veth-${file}`;
  const isFree = (ip: string): boolean =>
    ![...words.notes].some(([file, { ips }]) => words.interfaces.has(interfaceOf(file)) && ips.includes(ip));

  const change = (slot: number, by: (known: PodEndpoint) => PodEndpoint): void => {
    const uid = uids.get(slot) ?? '';
    const known = words.pods.get(uid);
    if (known !== undefined) tellPod(words, uid, by(known));
  };

  const newest = (slot: number): Sandbox | undefined => words.notes.get(files.get(slot) ?? '');

  const create = (slot: number): void => {
    const before = uids.get(slot);
    if (before !== undefined && words.pods.has(before)) return;
    count += 1;
    const uid = `p${slot}-${count}`;
    uids.set(slot, uid);
    const createdAt = Math.floor(now / 1000) * 1000;
    tellPod(words, uid, pod(`x/p${slot}`, { role: ROLES[slot] ?? '' }, { uid, createdAt }));
  };

  const sandbox = ({ slot, address, twice }: NodeEvent): void => {
    const podUid = uids.get(slot);
    const from = twice ? ADDRESSES : ADDRESSES.filter(isFree);
    const ip = from[address % Math.max(1, from.length)];
    if (podUid === undefined || ip === undefined) return;
    count += 1;
    const file = `s${count}`;
    files.set(slot, file);
    words.interfaces.add(interfaceOf(file));
    const hostInterfaces = [interfaceOf(file)];
    tellNote(words, file, {
      podUid,
      pod: { namespace: 'x', name: `p${slot}` },
      ips: [ip],
      hostInterfaces,
      notedAt: now,
    });
  };

  const mirror = ({ address }: NodeEvent): void => {
    const ip = ADDRESSES[address] ?? '';
    words.interfaces.add(interfaceOf('static'));
    const hostInterfaces = [interfaceOf('static')];
    const named = { namespace: 'x', name: 'static' };
    tellNote(words, 'static', { podUid: STATIC_UID, pod: named, ips: [ip], hostInterfaces, notedAt: now });
    tellPod(words, 'mirror', pod('x/static', { role: 'web' }, { uid: 'mirror', ips: [ip] }));
  };

  return {
    happen(event: NodeEvent): void {
      const { what, slot } = event;
      now += event.second ? 1000 : Number(event.ms);
      const file = files.get(slot) ?? '';
      if (what === 'create') create(slot);
      else if (what === 'sandbox') sandbox(event);
      else if (what === 'status') change(slot, (known) => ({ ...known, ips: newest(slot)?.ips ?? known.ips }));
      else if (what === 'interface goes') words.interfaces.delete(interfaceOf(file));
      else if (what === 'terminate') change(slot, (known) => ({ ...known, isTerminating: true }));
      else if (what === 'delete') tellPod(words, uids.get(slot) ?? '', undefined);
      else if (what === 'mirror') mirror(event);
      else if (what === 'note goes') {
        // The runtime removes the interface first.
        words.interfaces.delete(interfaceOf(file));
        tellNote(words, file, undefined);
      } else if (what === 'far status') {
        const ips = [ADDRESSES[event.address] ?? ''];
        tellPod(
          words,
          `far${slot}`,
          pod(`x/far${slot}`, { role: 'client' }, { uid: `far${slot}`, node: 'n2', ips, createdAt: now }),
        );
      } else {
        words.interfaces.clear();
        words.interfaces.add('lo');
        // Notes from before the node booted are not read.
        words.notes.clear();
      }
    },
  };
};
