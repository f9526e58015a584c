import { existsSync } from 'node:fs';
import { endianness } from 'node:os';
import path from 'node:path';
import {
  decodeMessages,
  DONE_TYPE,
  encodeRequest,
  ERROR_TYPE,
  errorCode,
  INTERRUPTED_FLAG,
  MULTI_FLAG,
  NOOP_TYPE,
  type NetlinkMessage,
  type NetlinkRequest,
} from '../../render/netlink/message.ts';
import type { Companion, StartCompanion } from '../companion.ts';
import { messageOf } from '../../model/message-of.ts';

/** The kernel refused a request, or answered it incompletely. */
export class NetlinkError extends Error {
  /** errno(3) as the kernel returns it, negative; 0 for an incomplete answer. */
  readonly code: number;

  constructor(message: string, code: number) {
    super(`netlink: ${message}`);
    this.name = 'NetlinkError';
    this.code = code;
  }
}

/** Messages that come unasked for. */
export interface Subscription {
  /** Sent at once, and whenever the socket is another one. */
  readonly requests: readonly NetlinkRequest[];
  /** Of the messages that are heard; others are passed over. */
  readonly type: number;
  readonly onMessage: (message: NetlinkMessage) => void;
  /** A request is refused: nothing is heard until the next time, which is tried by itself. */
  readonly onTrouble: (error: NetlinkError) => void;
  /** The kernel took all requests. */
  readonly onSubscribed?: () => void;
}

/** The kernel's netfilter objects, by messages: sets, connections, tables of nftables. */
export interface Netlink {
  /**
   * Sends a request. @returns the messages of the complete answer, without its end or acknowledgement
   * @throws NetlinkError if the kernel refuses, the answer is incomplete, changed while it was made, or is missing
   */
  request(request: NetlinkRequest): Promise<readonly NetlinkMessage[]>;
  /**
   * Sends a request whose answer is nearly always what it was the last time; then it is not read again.
   * @param key of the answer that is kept for it
   * @returns `same` where the answer is, byte for byte, what the one before was with that key; one comes after the other
   * @throws NetlinkError as `request`; the next answer is then returned whole
   */
  compare(key: string, request: NetlinkRequest): Promise<readonly NetlinkMessage[] | 'same'>;
  /** Forgets that key: its answer is no longer needed. */
  forget(key: string): void;
  /** Subscribes to messages of the kernel such as NFLOG's; replaces the subscription before. */
  subscribe(subscription: Subscription): void;
  /**
   * Sends a complete IP packet of either family, with its header, from the interface of this index. A packet that
   * cannot be sent is lost.
   */
  sendPacket(interfaceIndex: number, packet: Uint8Array): void;
  /**
   * Fails all requests, open and new ones. Resolves when the socket is closed: until then the kernel keeps its groups for
   * it. Never rejects.
   */
  stop(): Promise<void>;
}

export interface NetlinkOptions {
  /** Maximum wait in ms for the next message of an answer. */
  readonly timeoutMs?: number;
}

const TIMEOUT_MS = 10_000;
/** errno(3) ECANCELED: a request after the end, which nobody is to repeat. */
const CANCELLED = -125;
/** Wait before a subscription that was refused, or whose relay ended, is requested again. */
const AGAIN_MS = 1_000;
/** Flag of the length: an IP packet follows (relay.pl). */
const RAW = 0x8000_0000;
/** Of the length: the answer is kept, and compared with the one that was kept before (relay.pl). */
const KEPT = 0x4000_0000;
const COMPARED = 0x2000_0000;
/** Sequence numbers from here on are those of answers that are kept, each of one key; below are those of all others. */
const FIRST_KEPT = 0x8000_0000;
const LENGTH_BYTES = 4;
const LITTLE_ENDIAN = endianness() === 'LE';
const FILE = 'relay.pl';

/** Returns the file beside this module, or beside the bundle that contains it (scripts/build.ts). */
const relayFile = (): string => {
  const folders = [import.meta.dirname as string | undefined, path.dirname(process.argv[1] ?? '')];
  const files = folders.filter((folder) => folder !== undefined).map((folder) => path.join(folder, FILE));
  return files.find((file) => existsSync(file)) ?? FILE;
};

const uint32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(LENGTH_BYTES);
  if (LITTLE_ENDIAN) bytes.writeUInt32LE(value);
  else bytes.writeUInt32BE(value);
  return bytes;
};

interface Pending {
  readonly messages: NetlinkMessage[];
  readonly resolve: (messages: readonly NetlinkMessage[]) => void;
  readonly reject: (error: NetlinkError) => void;
  isInterrupted: boolean;
  /** Time of its last message, in ms. */
  seenAt: number;
}

/** Adds the message to its request, and settles that at the end of its answer. @returns whether it did */
const take = (pending: Pending, message: NetlinkMessage): boolean => {
  if ((message.flags & INTERRUPTED_FLAG) !== 0) pending.isInterrupted = true;
  const isEnd = message.type === DONE_TYPE || message.type === ERROR_TYPE;
  if (!isEnd) pending.messages.push(message);
  if (!isEnd && (message.flags & MULTI_FLAG) !== 0) return false;
  const code = isEnd ? errorCode(message) : 0;
  if (code < 0) pending.reject(new NetlinkError(`error ${-code}`, code));
  else if (pending.isInterrupted) pending.reject(new NetlinkError('the answer changed while it was made', 0));
  else pending.resolve(pending.messages);
  return true;
};

/** Which answers the relay keeps, each in a slot of its own: slots are used again, so that what is kept does not grow. */
const createKeptAnswers = () => {
  const slots = new Map<string, { readonly slot: number; isKnown: boolean }>();
  const free: number[] = [];
  let made = 0;
  return {
    /** `isKnown`: its last answer was heard. */
    take(key: string): { readonly slot: number; readonly isKnown: boolean } {
      const known = slots.get(key);
      if (known !== undefined) return known;
      const taken = { slot: free.pop() ?? made++, isKnown: false };
      slots.set(key, taken);
      return taken;
    },
    know(key: string): void {
      const known = slots.get(key);
      if (known !== undefined) known.isKnown = true;
    },
    /** @param isBusy an answer for that slot is on its way: it is not used again */
    forget(key: string, isBusy: (slot: number) => boolean): void {
      const known = slots.get(key);
      if (known === undefined) return;
      slots.delete(key);
      if (!isBusy(known.slot)) free.push(known.slot);
    },
  };
};

/**
 * Opens the socket through a small program (relay.pl), since Node has no such sockets. The program starts with the
 * first request, and again after its end.
 */
export const createNetlink = (start: StartCompanion, { timeoutMs = TIMEOUT_MS }: NetlinkOptions = {}): Netlink => {
  let relay: Companion | undefined;
  let input = Buffer.alloc(0);
  /** Requests of one turn of the event loop go to the relay together. */
  let outgoing: Uint8Array[] = [];
  const kept = createKeptAnswers();
  /** Settled when the newest answer of the key is here. */
  const comparing = new Map<string, Promise<undefined>>();
  let sequence = 0;
  let watchdog: ReturnType<typeof setInterval> | undefined;
  const pending = new Map<number, Pending>();
  let subscription: Subscription | undefined;
  let again: ReturnType<typeof setTimeout> | undefined;
  let stopped = false;

  const fail = (error: NetlinkError): void => {
    const failed = [...pending.values()];
    pending.clear();
    outgoing = [];
    clearInterval(watchdog);
    watchdog = undefined;
    for (const { reject } of failed) reject(error);
  };

  const close = (error: NetlinkError): void => {
    relay?.stop();
    relay = undefined;
    fail(error);
    subscribeLater();
  };

  const takePacket = (packet: Buffer): void => {
    // The kernel dropped messages, and it is not known which ones.
    if (packet.length === 0) {
      fail(new NetlinkError('messages were lost', 0));
      return;
    }
    for (const message of decodeMessages(packet)) {
      if (message.sequence === 0 && message.type === subscription?.type) {
        subscription.onMessage(message);
        continue;
      }
      const asked = pending.get(message.sequence);
      if (asked === undefined) continue;
      asked.seenAt = Date.now();
      if (take(asked, message)) pending.delete(message.sequence);
    }
    if (pending.size === 0) {
      clearInterval(watchdog);
      watchdog = undefined;
    }
  };

  const takePiece = (text: string): void => {
    const piece = Buffer.from(text, 'latin1');
    input = input.length === 0 ? piece : Buffer.concat([input, piece]);
    while (input.length >= LENGTH_BYTES) {
      const length = LITTLE_ENDIAN ? input.readUInt32LE(0) : input.readUInt32BE(0);
      if (input.length < LENGTH_BYTES + length) return;
      const packet = input.subarray(LENGTH_BYTES, LENGTH_BYTES + length);
      input = input.subarray(LENGTH_BYTES + length);
      takePacket(packet);
    }
  };

  const open = (): Companion => {
    input = Buffer.alloc(0);
    let complaint = '';
    const opened = start(
      'perl',
      [relayFile()],
      (text) => {
        if (relay !== opened) return;
        try {
          takePiece(text);
        } catch (error) {
          close(new NetlinkError(messageOf(error), 0));
        }
      },
      (text) => {
        complaint += text;
      },
    );
    void opened.ended.then(({ originalMessage }) => {
      if (relay !== opened) return;
      relay = undefined;
      fail(new NetlinkError(complaint.trim() || (originalMessage ?? 'the relay ended'), 0));
      subscribeLater();
    });
    return opened;
  };

  const watch = (): void => {
    watchdog ??= setInterval(() => {
      const oldest = Date.now() - timeoutMs;
      if ([...pending.values()].some(({ seenAt }) => seenAt < oldest)) close(new NetlinkError('no answer in time', 0));
    }, timeoutMs / 4).unref();
  };

  const write = (length: number, bytes: Uint8Array): void => {
    const isFirst = outgoing.length === 0;
    outgoing.push(uint32(length), bytes);
    if (!isFirst) return;
    queueMicrotask(() => {
      // It was closed meanwhile, and all its requests have failed.
      if (outgoing.length === 0) return;
      const text = Buffer.concat(outgoing).toString('latin1');
      outgoing = [];
      relay ??= open();
      relay.write(text);
    });
  };

  const send = (request: NetlinkRequest, own: number, flags = 0): Promise<readonly NetlinkMessage[]> => {
    if (stopped) return Promise.reject(new NetlinkError('stopped', CANCELLED));
    const answer = new Promise<readonly NetlinkMessage[]>((resolve, reject) => {
      pending.set(own, { messages: [], resolve, reject, isInterrupted: false, seenAt: Date.now() });
    });
    watch();
    const bytes = encodeRequest(request, own);
    write(bytes.length + flags, bytes);
    return answer;
  };

  const ask = (request: NetlinkRequest): Promise<readonly NetlinkMessage[]> => {
    // The kernel speaks by itself with 0.
    sequence = (sequence % (FIRST_KEPT - 1)) + 1;
    return send(request, sequence);
  };

  const forget = (key: string): void => {
    kept.forget(key, (slot) => pending.has(FIRST_KEPT + slot));
  };

  const compareNow = async (key: string, request: NetlinkRequest): Promise<readonly NetlinkMessage[] | 'same'> => {
    const { slot, isKnown } = kept.take(key);
    try {
      const messages = await send(request, FIRST_KEPT + slot, KEPT + (isKnown ? COMPARED : 0));
      kept.know(key);
      return messages.length === 1 && messages[0]?.type === NOOP_TYPE ? 'same' : messages;
    } catch (error) {
      forget(key);
      throw error;
    }
  };

  const compare: Netlink['compare'] = (key, request) => {
    // Comparisons of a key run one after another: "same" refers to the answer before.
    const before = comparing.get(key);
    const answer = before === undefined ? compareNow(key, request) : before.then(() => compareNow(key, request));
    const done = answer.then(
      () => undefined,
      () => undefined,
    );
    comparing.set(key, done);
    void done.then(() => {
      if (comparing.get(key) === done) comparing.delete(key);
    });
    return answer;
  };

  const subscribeNow = async (): Promise<void> => {
    const wanted = subscription;
    for (const request of wanted?.requests ?? []) await ask(request);
    if (wanted === subscription) wanted?.onSubscribed?.();
  };

  const subscribeLater = (delayMs = AGAIN_MS): void => {
    if (subscription === undefined) return;
    clearTimeout(again);
    again = setTimeout(() => {
      void subscribeNow().catch((error: unknown) => {
        if (subscription === undefined || !(error instanceof NetlinkError)) return;
        const refused = subscription;
        refused.onTrouble(error);
        // Another subscription may have replaced it.
        if (subscription === refused) subscribeLater();
      });
    }, delayMs).unref();
  };

  return {
    request: ask,
    compare,
    forget,
    subscribe(wanted) {
      subscription = wanted;
      subscribeLater(0);
    },
    sendPacket(interfaceIndex, packet) {
      if (stopped) return;
      const bytes = Buffer.concat([uint32(interfaceIndex), packet]);
      write(bytes.length + RAW, bytes);
    },
    async stop() {
      stopped = true;
      subscription = undefined;
      clearTimeout(again);
      const ended = relay?.ended;
      close(new NetlinkError('stopped', CANCELLED));
      await ended;
    },
  };
};

/** Maximum requests for an answer that changed while it was made, or was incomplete. */
const ATTEMPTS = 5;

/**
 * Asks again where the answer was not whole.
 * @throws NetlinkError where the kernel refuses, or no answer is whole
 */
export const untilWhole = async <T>(ask: () => Promise<T>, attempts = ATTEMPTS): Promise<T> => {
  try {
    return await ask();
  } catch (error) {
    if (!(error instanceof NetlinkError) || error.code !== 0 || attempts <= 1) throw error;
    return untilWhole(ask, attempts - 1);
  }
};

/** Sends a request again where the answer was not whole. @throws NetlinkError, see untilWhole */
export const askUntilWhole = (netlink: Netlink, request: NetlinkRequest): Promise<readonly NetlinkMessage[]> =>
  untilWhole(() => netlink.request(request));
