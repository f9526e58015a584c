import type { Direction } from '../model/direction.ts';
import {
  directionOf,
  HELD_CHAIN,
  INJECTED_CHAIN,
  isAnyPeerChain,
  NO_ADDRESS_CHAIN,
  SPOOFED_CHAIN,
  STRAY_CHAIN,
  UNKNOWN_CHAIN,
} from '../program/names.ts';

/**
 * Why a packet was refused. `policy`: no rule of the policies that isolate a pod allows it. `closed`: the pod is closed.
 * `gate`: no known pod has the address. `reopen guard`: of a connection that was cut. `stray TCP`: in the middle of a
 * connection that the kernel does not track. `no address`: of a family that the isolated pod has no address of. `spoofed
 * source`: the source is not the sender's. `tunnel`: forged for a tunnel. `bridge`: by the rules of bridges.
 */
export const REASONS = [
  'policy',
  'closed',
  'gate',
  'reopen guard',
  'stray TCP',
  'no address',
  'spoofed source',
  'tunnel',
  'bridge',
] as const;

export type Reason = (typeof REASONS)[number];

const OF_CHAIN: ReadonlyMap<string, Reason> = new Map<string, Reason>([
  [UNKNOWN_CHAIN, 'gate'],
  [HELD_CHAIN, 'reopen guard'],
  [STRAY_CHAIN, 'stray TCP'],
  [NO_ADDRESS_CHAIN, 'no address'],
  [SPOOFED_CHAIN, 'spoofed source'],
  [INJECTED_CHAIN, 'tunnel'],
]);

/** Prefix of the reasons that the table of the bridge family reports (bridge/rules-text.ts). */
export const BRIDGE_PREFIX = 'PORTCULLIS-BRIDGE-';

/** Who refused a packet, by the prefix of its report. */
export interface Refusal {
  readonly reason: Reason;
  /** Of the isolation that refused it; undefined where none did. */
  readonly direction: Direction | undefined;
}

/** @returns undefined for a prefix that is none of ours */
export const refusalOf = (prefix: string): Refusal | undefined => {
  const direction = directionOf(prefix);
  if (direction !== undefined) return { reason: isAnyPeerChain(prefix) ? 'bridge' : 'policy', direction };
  const reason = prefix.startsWith(BRIDGE_PREFIX) ? 'bridge' : OF_CHAIN.get(prefix);
  return reason === undefined ? undefined : { reason, direction: undefined };
};
