import type { FakeHost } from '../fake-kernel/host.ts';
import type { FakeRule } from '../fake-kernel/rule.ts';
import { meetsMatch } from './matches.ts';
import { packetFamily, type WalkedPacket } from './packet.ts';

/** How a packet fared at the filter table. */
export interface Walk {
  readonly verdict: 'accept' | 'drop';
  /** The rules that it met, as `CHAIN RULE`, in order. */
  readonly met: readonly string[];
  /** How many rules were tried. */
  readonly tried: number;
}

interface Place {
  readonly chain: string;
  readonly next: number;
}

/**
 * Walks a packet through the fake's filter table as netfilter does: a jump remembers where to go on, a goto does not, and
 * the end of a chain is a RETURN. Built-in chains have the policy ACCEPT.
 */
export const walk = ({ tables, sets }: FakeHost, packet: WalkedPacket): Walk => {
  const table = tables[packetFamily(packet)];
  const met: string[] = [];
  let tried = 0;
  const stack: Place[] = [];
  let at: Place | undefined = { chain: packet.hook ?? 'FORWARD', next: 0 };
  while (at !== undefined) {
    const { chain, next }: Place = at;
    const rule: FakeRule | undefined = table.get(chain)?.rules[next];
    if (rule === undefined) {
      at = stack.pop();
      continue;
    }
    at = { chain, next: next + 1 };
    tried += 1;
    if (!rule.matches.every((match) => meetsMatch(match, packet, sets))) continue;
    met.push(`${chain} ${rule.text}`);
    const { target } = rule;
    if (target === undefined || target.kind === 'log') continue;
    if (target.kind === 'jump') stack.push(at);
    if (target.kind !== 'verdict') at = { chain: target.chain, next: 0 };
    else if (target.verdict === 'RETURN') at = stack.pop();
    else return { verdict: target.verdict === 'DROP' ? 'drop' : 'accept', met, tried };
  }
  return { verdict: 'accept', met, tried };
};
