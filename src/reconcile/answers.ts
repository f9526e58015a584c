import type { Clock } from '../model/clock.ts';
import type { IpFamily } from '../model/family.ts';
import type { OnDeny } from '../model/on-deny.ts';
import type { NodePolicy } from '../policy/node-policy.ts';
import { STRAY_CHAIN } from '../program/names.ts';
import type { LoggedPacket } from '../render/netlink/packet-log.ts';
import { inquiry, prohibited, resetToReceiver, resetToSender } from '../render/packets/build-answer.ts';
import { type ReadPacket, readPacket, type TcpSegment } from '../render/packets/read-packet.ts';
import { type Opener, openerByPorts } from '../program/client-ports.ts';
import { createStrayJudge, type StrayJudge } from '../trace/stray-judge.ts';
import type { CutMemory, TcpConnection } from './cut-memory.ts';

/** The effects of answers on the node's connections and packets. */
export interface AnswerPort {
  /** Creates an established connection in the kernel. @returns false if it already has one between these ends */
  resume(family: IpFamily, connection: TcpConnection): Promise<boolean>;
  /** Reports whether the kernel tracks a connection between these ends, whichever opened it. */
  isTracked(family: IpFamily, connection: TcpConnection): Promise<boolean>;
  /** Sends a packet from this interface; it may be lost. */
  send(interfaceIndex: number, packet: Uint8Array): void;
}

/**
 * The action taken for a packet: its connection was restored; the agent asked the other end whether it has the
 * connection; it was reset; its sender got the error that policy forbids it.
 */
export const ANSWER_KINDS = ['resumed', 'asked', 'reset', 'rejected'] as const;

export type AnswerKind = (typeof ANSWER_KINDS)[number];

interface AnswersOptions {
  readonly clock: Clock;
  readonly port: AnswerPort;
  readonly onDeny: OnDeny;
  /** Returns the policy in force. */
  readonly policy: () => NodePolicy;
  readonly memory: Pick<CutMemory, 'wasCut' | 'wasCutFrom'>;
  /** Called for each answer; must not throw. */
  readonly report: (kind: AnswerKind) => void;
}

/** Answers packets that the rules refused. */
export interface Answers {
  hear(packet: LoggedPacket): void;
  stop(): void;
}

/**
 * A connection that may not pass is reset after its packets have been refused for this long. A denial that is withdrawn
 * within this time harms no connection.
 */
const PATIENCE_MS = 5_000;
/** Maximum connections that wait for their reset; others get none. */
const MOST_WAITING = 4_096;
/** Maximum answers per second, and below, at once. */
const ANSWERS_PER_SECOND = 100;
const ANSWERS_AT_ONCE = 200;

/** Addresses that never get an answer: they stay on the link, or mean several hosts. */
const NOT_ONE_HOST = /^(?:0\.|127\.|22[4-9]\.|23\d\.|24\d\.|25[0-5]\.|ff|fe[89ab]|::1?$)/;

/** The last packet of one direction, and where it crossed the node. */
interface Crossing {
  readonly packet: ReadPacket;
  readonly tcp: TcpSegment;
  readonly inInterface: number;
  readonly outInterface: number;
  readonly isRefused: boolean;
  /** Whether it looks like its opener's, but the reopen guard contains it as the other end's. */
  readonly isHeld: boolean;
  /** The policy in force at that time. */
  readonly policy: NodePolicy;
}

interface Waiting {
  /** By the sender's address and port. */
  readonly crossings: Map<string, Crossing>;
  readonly cancel: () => void;
}

const endsOf = ({ packet, tcp }: Crossing): TcpConnection => ({
  source: packet.source,
  sourcePort: tcp.sourcePort,
  destination: packet.destination,
  destinationPort: tcp.destinationPort,
});

const turned = ({ source, sourcePort, destination, destinationPort }: TcpConnection): TcpConnection => ({
  source: destination,
  sourcePort: destinationPort,
  destination: source,
  destinationPort: sourcePort,
});

const seenFrom = (opener: Opener, ends: TcpConnection): TcpConnection => (opener === 'source' ? ends : turned(ends));

const senderOf = ({ source, sourcePort }: TcpConnection): string => `${source} ${sourcePort}`;

const isEarlier = (a: number, b: number): boolean => ((a - b) | 0) < 0;

/** Returns tokens that refill over time. */
const createBudget = (clock: Clock): (() => boolean) => {
  let left = ANSWERS_AT_ONCE;
  let at = clock.now();
  return () => {
    const now = clock.now();
    left = Math.min(ANSWERS_AT_ONCE, left + ((now - at) * ANSWERS_PER_SECOND) / 1000);
    at = now;
    if (left < 1) return false;
    left -= 1;
    return true;
  };
};

export const createAnswers = ({ clock, port, onDeny, policy, memory, report }: AnswersOptions): Answers => {
  const waiting = new Map<string, Waiting>();
  const mayAnswer = createBudget(clock);
  let newest: { readonly policy: NodePolicy; readonly judge: StrayJudge } | undefined;
  let stopped = false;

  const judgeNow = (): StrayJudge => {
    const now = policy();
    if (newest?.policy !== now) newest = { policy: now, judge: createStrayJudge(now) };
    return newest.judge;
  };

  const answer = (interfaceIndex: number, packet: Uint8Array | undefined, kind: AnswerKind): void => {
    if (packet === undefined || interfaceIndex === 0 || !mayAnswer()) return;
    port.send(interfaceIndex, packet);
    report(kind);
  };

  const openerOf = (crossing: Crossing): Opener | undefined => {
    const ends = endsOf(crossing);
    return judgeNow().openerOf(ends, {
      // A refusal by former rules says nothing about those in force.
      isRefused: crossing.isRefused && crossing.policy === policy(),
      wasCut: (opener) => memory.wasCutFrom(seenFrom(opener, ends)) || (opener === 'destination' && crossing.isHeld),
    });
  };

  /**
   * Restores a connection. A packet of the opener restores it directly. A packet of the other end only claims to belong to a
   * connection: so the agent asks the supposed opener, whose answer restores it. Nothing that was sent reaches it before.
   */
  const resume = async (crossing: Crossing, opener: Opener): Promise<void> => {
    const { packet, outInterface } = crossing;
    const ends = endsOf(crossing);
    if (opener === 'source') {
      if (await port.resume(packet.family, ends)) report('resumed');
    } else if (!(await port.isTracked(packet.family, ends))) answer(outInterface, inquiry(packet), 'asked');
  };

  /** Resets each end that has sent something; the other end only if it is known that there was a connection. */
  const reset = async (crossings: readonly Crossing[]): Promise<void> => {
    const [first] = crossings;
    if (first === undefined) return;
    const ends = endsOf(first);
    // A tracked connection works: the packet was another connection's, or older.
    if (await port.isTracked(first.packet.family, ends)) return;
    const isKnown = memory.wasCut(ends) || memory.wasCut(turned(ends));
    for (const { packet, inInterface } of crossings) answer(inInterface, resetToSender(packet), 'reset');
    if (crossings.length === 1 && isKnown) answer(first.outInterface, resetToReceiver(first.packet), 'reset');
  };

  const decide = async (key: string): Promise<void> => {
    const crossings = [...(waiting.get(key)?.crossings.values() ?? [])];
    waiting.delete(key);
    for (const crossing of crossings) {
      const opener = openerOf(crossing);
      if (opener !== undefined) {
        await resume(crossing, opener);
        return;
      }
    }
    await reset(crossings);
  };

  /** Runs work in the background. If it fails, the connection's next packet is another chance. */
  const inBackground = (work: Promise<void>): void => {
    work.catch(() => undefined);
  };

  const wait = (crossing: Crossing): void => {
    const ends = endsOf(crossing);
    const key = [senderOf(ends), senderOf(turned(ends))].sort().join(' ');
    let known = waiting.get(key);
    if (known === undefined) {
      if (waiting.size >= MOST_WAITING) return;
      const cancel = clock.after(PATIENCE_MS, () => {
        inBackground(decide(key));
      });
      known = { crossings: new Map(), cancel };
      waiting.set(key, known);
    }
    // The other end expects the earliest one.
    const before = known.crossings.get(senderOf(ends));
    if (before !== undefined && isEarlier(before.tcp.sequence, crossing.tcp.sequence)) return;
    known.crossings.set(senderOf(ends), crossing);
  };

  const hearStray = (packet: ReadPacket, tcp: TcpSegment, logged: LoggedPacket): void => {
    // A reset gets no answer.
    if (tcp.isRst) return;
    const { inInterface, outInterface, prefix } = logged;
    const isRefused = prefix !== STRAY_CHAIN;
    const isHeld = !isRefused && openerByPorts(tcp) === 'source';
    const crossing: Crossing = { packet, tcp, inInterface, outInterface, isRefused, isHeld, policy: policy() };
    const opener = openerOf(crossing);
    // An answer to an opening, or an inquiry of another node, belongs to no connection that could be reset, and opens none.
    if (opener === undefined ? tcp.isSyn : tcp.isSyn && opener === 'source') return;
    if (opener === undefined) wait(crossing);
    else inBackground(resume(crossing, opener));
  };

  return {
    hear(logged) {
      if (stopped || logged.isGroup || logged.inInterface === 0) return;
      const packet = readPacket(logged.payload);
      if (packet === undefined || NOT_ONE_HOST.test(packet.source) || NOT_ONE_HOST.test(packet.destination)) return;
      const { tcp } = packet;
      if (tcp !== undefined && (!tcp.isSyn || tcp.isAck || tcp.isRst)) hearStray(packet, tcp, logged);
      else if (onDeny === 'reject' && !packet.isIcmpError) {
        answer(logged.inInterface, tcp === undefined ? prohibited(packet) : resetToSender(packet), 'rejected');
      }
    },
    stop() {
      stopped = true;
      for (const { cancel } of waiting.values()) cancel();
      waiting.clear();
    },
  };
};
