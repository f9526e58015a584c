import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { inNetns } from '../../../src/lab/batch.ts';
import { startTalker } from './children.ts';
import { tokensOf } from './token.ts';

const PROGRAM = path.join(import.meta.dirname, 'station.pl');

/** Maximum time of a station for a request, long enough for a busy machine. */
const ANSWER_MS = 20_000;
/** Maximum number of frames that are kept. */
const KEPT = 4_000;

/** Where something arrived: as a frame on the machine's interface, or as data at one of its sockets. */
export type Sense = 'wire' | 'socket';

/** Puts frames on the interfaces of one machine and watches what arrives there. */
export interface Station {
  send(frame: Buffer, device: string): void;
  /** Sends a UDP datagram through the machine's kernel. */
  datagram(to: string, port: number, from: number, data: Buffer): void;
  /** Receives packets for a UDP port or of an IP protocol, as programs of the machine would. */
  listen(kind: 'udp' | 'raw', number: number): void;
  /** Reports whether something with the token has arrived. */
  has(token: string, sense: Sense): boolean;
  /** Resolves once something with the token has arrived. @returns false if nothing has arrived in time */
  arrival(token: string, sense: Sense, patienceMs: number): Promise<boolean>;
  /** The last frames that arrived, the newest last. */
  frames(): readonly Buffer[];
  /** Resolves once all former requests are done. @throws if one of them failed */
  settled(): Promise<void>;
  close(): Promise<void>;
}

/** @param name of the network namespace */
export const openStation = async (name: string): Promise<Station> => {
  const arrived: Record<Sense, Set<string>> = { wire: new Set(), socket: new Set() };
  const frames: Buffer[] = [];
  const answers = new Map<string, () => void>();
  const failures: string[] = [];
  let asked = 0;

  const [file, ...args] = inNetns(name);
  const talker = await startTalker(file, [...args, 'perl', PROGRAM], (line) => {
    const words = line.split(' ');
    if (words[0] === 'f') {
      const frame = Buffer.from(words[2] ?? '', 'hex');
      frames.push(frame);
      if (frames.length > KEPT) frames.shift();
      for (const token of tokensOf(frame)) arrived.wire.add(token);
    } else if (words[0] === 'k') {
      for (const token of tokensOf(Buffer.from(words[3] ?? '', 'hex'))) arrived.socket.add(token);
    } else if (words[0] === 'a') {
      answers.get(words[1] ?? '')?.();
    } else {
      failures.push(line);
    }
  });

  return {
    send: (frame, device) => talker.write(`s ${device} ${frame.toString('hex')}\n`),
    datagram: (to, port, from, data) => talker.write(`d ${to} ${port} ${from} ${data.toString('hex')}\n`),
    listen: (kind, number) => talker.write(`${kind === 'udp' ? 'u' : 'r'} ${number}\n`),
    has: (token, sense) => arrived[sense].has(token),
    async arrival(token, sense, patienceMs) {
      const deadline = performance.now() + patienceMs;
      while (!arrived[sense].has(token)) {
        if (performance.now() > deadline) return false;
        await delay(1);
      }
      return true;
    },
    frames: () => frames,
    async settled() {
      asked += 1;
      const word = String(asked);
      const answered = new Promise<void>((resolve) => answers.set(word, resolve));
      talker.write(`q ${word}\n`);
      const patience = new AbortController();
      const late = delay(ANSWER_MS, 'late' as const, { signal: patience.signal }).catch(() => 'late' as const);
      const outcome = await Promise.race([answered.then(() => 'done'), talker.ended.then(() => 'ended'), late]);
      patience.abort();
      if (outcome !== 'done') throw new Error(`the station of ${name} does not answer (${outcome})`);
      answers.delete(word);
      const [failure] = failures.splice(0);
      if (failure !== undefined) throw new Error(`the station of ${name}: ${failure}`);
    },
    close: () => talker.close(),
  };
};
