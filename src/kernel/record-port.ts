import { type LoggedPacket, loggedPacket, PACKET_TYPE, recordLogRequest } from '../render/netlink/packet-log.ts';
import type { Netlink, NetlinkError } from './netlink/netlink.ts';

/** Callbacks for packets that rules report. */
export interface RefusalListener {
  readonly onPacket: (packet: LoggedPacket) => void;
  /** Called with the number of lost reports: the kernel numbers them. */
  readonly onLost: (count: number) => void;
  /** Called once packets of this group arrive. */
  readonly onGroup: (group: number) => void;
  /** Called if no group can be received; it is retried. */
  readonly onTrouble: (error: NetlinkError) => void;
}

/** errno(3): another program has the group. */
const EPERM = -1;

/** Numbers have 32 bits. */
const NUMBERS = 2 ** 32;

/**
 * Receives the packets that rules report, on the first group that no other program holds.
 * @param groups at least one; called before each attempt on the first of them
 * @param patience number of further attempts, one a second, at a group that another program holds: it may be an agent that
 * was killed, whose socket the kernel is about to close
 */
export const hearRefusals = (
  netlink: Netlink,
  groups: () => readonly number[],
  { onPacket, onLost, onGroup, onTrouble }: RefusalListener,
  patience = 0,
): void => {
  let next: number | undefined;
  let left = patience;

  const hear = (message: Parameters<typeof loggedPacket>[0]): void => {
    const packet = loggedPacket(message);
    const lost = next === undefined ? 0 : (packet.sequence - next + NUMBERS) % NUMBERS;
    if (lost > 0) onLost(lost);
    next = (packet.sequence + 1) % NUMBERS;
    onPacket(packet);
  };

  /** Where the kernel cannot tell connections it refuses; a group that is another program's it refuses as well. */
  const attempt = (at: number): void => {
    const all = groups();
    const group = all[at >> 1] ?? all[0] ?? 0;
    netlink.subscribe({
      requests: [recordLogRequest(group, at % 2 === 0)],
      type: PACKET_TYPE,
      onMessage: hear,
      onSubscribed() {
        // A new socket numbers from 0 again.
        next = undefined;
        onGroup(group);
      },
      onTrouble(error) {
        if (error.code === EPERM && left > 0) {
          // It is tried again by itself.
          left -= 1;
          return;
        }
        // Without a code it is the relay that failed, which is started again by itself.
        if (error.code !== 0 && at + 1 < 2 * all.length) {
          attempt(at + 1);
          return;
        }
        onTrouble(error);
        if (error.code !== 0) attempt(0);
      },
    });
  };

  attempt(0);
};
