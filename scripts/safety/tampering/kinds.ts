import type { IpFamily } from '../../../src/model/family.ts';
import type { Hand } from './hand.ts';

/** A change to the rules or to one set of a node. */
export interface Tampering {
  readonly name: string;
  strike(hand: Hand, set: string, family: IpFamily): Promise<void>;
}

const STRANGER = '-A FORWARD -m comment --comment stranger -j ACCEPT';

/** Addresses without an owner. */
const NOBODY: Readonly<Record<IpFamily, readonly string[]>> = {
  ipv4: ['192.0.2.1', '192.0.2.2', '192.0.2.3'],
  ipv6: ['2001:db8::1', '2001:db8::2', '2001:db8::3'],
};

const ownChains = async (hand: Hand): Promise<readonly string[]> =>
  (await hand.rules()).flatMap((line) => /^:(PORTCULLIS-\S+)/.exec(line)?.[1] ?? []);

const someMembers = async (hand: Hand, set: string): Promise<readonly string[]> =>
  ((await hand.members(set)) ?? []).slice(0, NOBODY.ipv4.length);

export const TAMPERINGS: readonly Tampering[] = [
  { name: 'table flushed', strike: (hand) => hand.restore(['-F']) },
  {
    name: 'our chains flushed',
    strike: async (hand) => hand.restore((await ownChains(hand)).map((chain) => `-F ${chain}`)),
  },
  { name: 'our jump deleted', strike: (hand) => hand.restore(['-D FORWARD -j PORTCULLIS-FORWARD']) },
  {
    name: 'our jump pushed behind another rule',
    strike: (hand) => hand.restore([STRANGER.replace('-A FORWARD', '-I FORWARD 1')]),
  },
  {
    // The kernel keeps a set that a rule names.
    name: 'a set deleted, and the rules that name it',
    async strike(hand, set) {
      const naming = (await hand.rules()).filter((line) => line.includes(` ${set} `));
      await hand.restore(naming.map((line) => line.replace('-A', '-D')));
      await hand.changeSets([`destroy ${set}`]);
    },
  },
  {
    name: 'members added to a set',
    strike: (hand, set, family) => hand.changeSets(NOBODY[family].map((address) => `add ${set} ${address}`)),
  },
  {
    name: 'members removed from a set',
    async strike(hand, set) {
      await hand.changeSets((await someMembers(hand, set)).map((address) => `del ${set} ${address}`));
    },
  },
  {
    name: 'members of a set exchanged one for one',
    async strike(hand, set, family) {
      const members = await someMembers(hand, set);
      await hand.changeSets([
        ...members.map((address) => `del ${set} ${address}`),
        ...NOBODY[family].slice(0, members.length).map((address) => `add ${set} ${address}`),
      ]);
    },
  },
];

/** Removes foreign rules, which the agent leaves alone. */
export const takeBack = async (hand: Hand): Promise<void> => {
  if ((await hand.rules()).includes(STRANGER)) await hand.restore([STRANGER.replace('-A', '-D')]);
};

/** Returns everything of ours that a strike can have changed: our chains, the first rule of FORWARD, and that set. */
export const stateOf = async (hand: Hand, set: string): Promise<string> => {
  const rules = await hand.rules();
  const ours = rules.filter((line) => /^(:|-A )PORTCULLIS-/.test(line));
  const first = rules.find((line) => line.startsWith('-A FORWARD '));
  return JSON.stringify([ours, first, await hand.members(set)]);
};
