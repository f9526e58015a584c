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

/** What answers do to the node's connections and packets. */
export interface AnswerPort {
  /** Makes the kernel know an established connection. @returns false where it knows one between these ends already */
  resume(family: IpFamily, connection: TcpConnection): Promise<boolean>;
  /** Whether the kernel knows a connection between these ends, whoever opened it. */
  isTracked(family: IpFamily, connection: TcpConnection): Promise<boolean>;
  /** Sends a packet out of this interface; it may be lost. */
  send(interfaceIndex: number, packet: Uint8Array): void;
}

/**
 * What was done for a packet: its connection goes on; the other end was asked whether there is one; it was reset; its sender
 * was told that policy forbids it.
 */
export const ANSWER_KINDS = ['resumed', 'asked', 'reset', 'rejected'] as const;

export type AnswerKind = (typeof ANSWER_KINDS)[number];

interface AnswersOptions {
  readonly clock: Clock;
  readonly port: AnswerPort;
  readonly onDeny: OnDeny;
  /** What is in force. */
  readonly policy: () => NodePolicy;
  readonly memory: Pick<CutMemory, 'wasCut' | 'wasCutFrom'>;
  /** Told of each; must not throw. */
  readonly report: (kind: AnswerKind) => void;
}

/** Answers packets that the rules refused. */
export interface Answers {
  hear(packet: LoggedPacket): void;
  stop(): void;
}

/**
 * A connection that may not go on is reset when its packets have been refused for so long, ms. A denial that is taken back
 * within this time harms none.
 */
const PATIENCE_MS = 5_000;
/** Connections that wait for that; those of the others stay silent. */
const MOST_WAITING = 4_096;
/** Answers in a second, and at once. */
const ANSWERS_PER_SECOND = 100;
const ANSWERS_AT_ONCE = 200;

/** Not before the interface's first router, nor to more than one host. */
const NOT_ONE_HOST = /^(?:0\.|127\.|22[4-9]\.|23\d\.|24\d\.|25[0-5]\.|ff|fe[89ab]|::1?$)/;

/** The last packet of one direction, and where it crossed the node. */
interface Crossing {
  readonly packet: ReadPacket;
  readonly tcp: TcpSegment;
  readonly inInterface: number;
  readonly outInterface: number;
  readonly isRefused: boolean;
  /** It looks like one that its opener sent, but the kernel holds what the other end had opened. */
  readonly isHeld: boolean;
  /** What was in force then. */
  readonly policy: NodePolicy;
}

interface Waiting {
  /** By the address and port of the sender. */
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

/** Tokens that come back with time. */
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
      // What other rules refused says nothing of those that are in force now.
      isRefused: crossing.isRefused && crossing.policy === policy(),
      wasCut: (opener) => memory.wasCutFrom(seenFrom(opener, ends)) || (opener === 'destination' && crossing.isHeld),
    });
  };

  /**
   * What its opener sends goes on. What the other end sends is only said to belong to a connection: the one who is said to have
   * opened it is asked, and if it has done so its answer goes on. Nothing of what was sent gets to it before.
   */
  const resume = async (crossing: Crossing, opener: Opener): Promise<void> => {
    const { packet, outInterface } = crossing;
    const ends = endsOf(crossing);
    if (opener === 'source') {
      if (await port.resume(packet.family, ends)) report('resumed');
    } else if (!(await port.isTracked(packet.family, ends))) answer(outInterface, inquiry(packet), 'asked');
  };

  /** Each end that has sent something is told; the other one only where it is known that there was a connection. */
  const reset = async (crossings: readonly Crossing[]): Promise<void> => {
    const [first] = crossings;
    if (first === undefined) return;
    const ends = endsOf(first);
    // One that the kernel knows goes on: the packet was another's, or older.
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

  /** Where it fails the next packet of the connection is another chance. */
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
    // The earliest is what the other end waits for.
    const before = known.crossings.get(senderOf(ends));
    if (before !== undefined && isEarlier(before.tcp.sequence, crossing.tcp.sequence)) return;
    known.crossings.set(senderOf(ends), crossing);
  };

  const hearStray = (packet: ReadPacket, tcp: TcpSegment, logged: LoggedPacket): void => {
    // Nobody answers a reset.
    if (tcp.isRst) return;
    const { inInterface, outInterface, prefix } = logged;
    const isRefused = prefix !== STRAY_CHAIN;
    const isHeld = !isRefused && openerByPorts(tcp) === 'source';
    const crossing: Crossing = { packet, tcp, inInterface, outInterface, isRefused, isHeld, policy: policy() };
    const opener = openerOf(crossing);
    // An answer to an opening, or an inquiry of another node, is of no connection that could be reset; nor does it open one.
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
