import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { netnsPath } from '../../../src/lab/batch.ts';
import type { Protocol } from '../../../src/model/protocol.ts';
import { builtProber } from './build-prober.ts';

export interface Listener {
  /** The name of a network namespace of the lab. */
  readonly netns: string;
  readonly protocol: Protocol;
  readonly ip: string;
  readonly port: number;
}

export interface Probe {
  /** The name of the network namespace that the probe starts in. */
  readonly netns: string;
  readonly protocol: Protocol;
  /** The source address; the source port is new each time. */
  readonly from: string;
  readonly to: string;
  readonly port: number;
  /** Time after which silence counts as `timeout`. */
  readonly timeoutMs: number;
}

/**
 * `open`: the server answered. `refused`: RST, ICMP port unreachable or SCTP ABORT came back. `unreachable`: the kernel
 * or a router reports that there is no route. `timeout`: silence.
 */
export type Outcome = 'open' | 'refused' | 'unreachable' | 'timeout';

/** UDP echo requests at a steady pace, each from a source port of its own. */
export interface Stream {
  readonly name: string;
  /** The name of the network namespace that it starts in. */
  readonly netns: string;
  readonly from: string;
  readonly to: string;
  readonly port: number;
  readonly intervalUs: number;
  /** Time after which silence counts as no answer. */
  readonly patienceMs: number;
}

/** Connections that stay open, each from a source port of its own. */
export interface Flows {
  readonly name: string;
  /** The name of the network namespace that they start in. */
  readonly netns: string;
  readonly protocol: 'TCP' | 'UDP';
  readonly from: string;
  readonly to: string;
  readonly port: number;
  readonly count: number;
}

/** One packet of a stream. */
export interface Beat {
  /** Time of sending, in ns of CLOCK_MONOTONIC, which is `process.hrtime.bigint()` here. */
  readonly sentNs: number;
  readonly answered: boolean;
  /** Time until the answer; 0 without one. */
  readonly afterMs: number;
}

/** A hand-made first packet of a connection; 'other' is an ICMP echo request. */
export interface Injected {
  /** The name of the wire that it is sent on. */
  readonly wire: string;
  readonly from: string;
  readonly to: string;
  readonly protocol: Protocol | 'other';
  /** Destination port; meaningless for 'other'. */
  readonly port: number;
}

/** The far ends of two links of a router, both in one network namespace. */
export interface Wire {
  readonly name: string;
  readonly netns: string;
  /** The device that packets are sent on, and the one where their arrival is checked. */
  readonly in: string;
  readonly out: string;
  /** The router's hardware address on the first link. */
  readonly router: string;
}

/** The same packet repeatedly, always from the source port `tag`, which no other pulse has. Without SCTP. */
export interface Pulse extends Injected {
  readonly tag: number;
}

/** The expected outcome of a pulse's packets: they arrive, they are denied, or it is not known. */
export type Expectation = 'a' | 'd' | '?';

/** A run of a pulse's packets with an unexpected outcome: leaked, or lost. */
export interface OddPackets {
  /** Index of the pulse. */
  readonly pulse: number;
  readonly leak: boolean;
  readonly packets: number;
  /** The number that came with the expectation. */
  readonly step: number;
  /** When the first and last were sent, in ns of CLOCK_MONOTONIC. */
  readonly firstNs: number;
  readonly lastNs: number;
}

/** The numbers of packets that were sent, and of those with a known expectation. */
export interface PulseReport {
  readonly sent: number;
  readonly denied: number;
  readonly allowed: number;
  readonly odd: readonly OddPackets[];
}

/** TCP at full speed for some time, on one core: connections one after the other, or bytes on one. IPv4 only. */
export interface Load {
  readonly kind: 'connects' | 'bytes';
  /** The names of the network namespaces that it starts and ends in; a server is made there. */
  readonly netns: string;
  readonly from: string;
  readonly toNetns: string;
  readonly to: string;
  readonly port: number;
  readonly forMs: number;
}

export interface Yield {
  /** Connections or bytes. */
  readonly perSecond: number;
  /** Time of one connect in µs; 0 for bytes. */
  readonly p50Us: number;
  readonly p99Us: number;
}

/** Serves and probes TCP, UDP and SCTP in the lab's network namespaces (test/support/prober). */
export interface Prober {
  /** Starts echo servers. @throws if one cannot be started */
  serve(listeners: readonly Listener[]): Promise<void>;
  /** Runs all probes at once. @returns the outcomes in the order of the probes */
  probe(probes: readonly Probe[]): Promise<readonly Outcome[]>;
  /** Starts a stream. @throws if one of that name runs or it cannot be started */
  stream(stream: Stream): Promise<void>;
  /** Returns the packets of a stream since the last call, in order; those that may still be answered come next time. */
  beats(name: string): Promise<readonly Beat[]>;
  endStream(name: string): Promise<void>;
  /** Opens flows. @throws if one of them is not answered */
  open(flows: Flows): Promise<void>;
  /** Sends something on each flow. @returns which of them were answered, in any way, in time */
  ask(flows: string, timeoutMs: number): Promise<readonly boolean[]>;
  /** Makes a UDP server send each flow's client a datagram by itself. */
  push(server: Omit<Listener, 'protocol'>, flows: string): Promise<void>;
  hangUp(flows: string): Promise<void>;
  /** @throws if a connection fails */
  load(load: Load): Promise<Yield>;
  /** Opens a wire, which is then used by name. */
  wire(wire: Wire): Promise<void>;
  /** Sends all packets on their wires at once. @returns which of them came out of any wire */
  inject(packets: readonly Injected[], timeoutMs: number): Promise<readonly boolean[]>;
  /** Starts to send each pulse once per interval. */
  pulse(pulses: readonly Pulse[], intervalUs: number): Promise<void>;
  /** Sets the expected outcome of each pulse's packets from now on; resolves when it applies. */
  expect(step: number, expected: readonly Expectation[]): Promise<void>;
  /** Returns the outcomes since the last call; those of the last second come next time. */
  pulses(): Promise<PulseReport>;
  /** Ends all pulses. */
  still(): Promise<void>;
  /** Stops all servers of a namespace and leaves it, before the lab deletes it. */
  forget(netns: string): Promise<void>;
  close(): Promise<void>;
}

interface Answer {
  readonly id: number;
  readonly outcomes?: readonly Outcome[];
  readonly sentNs?: readonly number[];
  readonly afterNs?: readonly number[];
  readonly answered?: readonly boolean[];
  readonly yield?: Yield;
  readonly arrived?: readonly boolean[];
  readonly pulses?: PulseReport;
  readonly error?: string;
}

interface Waiting {
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: Error) => void;
}

const inNetnsPath = <T extends { readonly netns: string }>(entry: T): T => ({
  ...entry,
  netns: netnsPath(entry.netns),
});

/** Maximum time of the start of a test with a prober, which may have to be built first. */
export const PROBER_START_MS = 300_000;

/** Maximum time until its end; then it is killed. */
const CLOSE_MS = 10_000;

export const createProber = async (): Promise<Prober> => {
  const child = spawn(await builtProber(), [], { stdio: ['pipe', 'pipe', 'inherit'] });
  await once(child, 'spawn');
  const waiting = new Map<number, Waiting>();
  let lastId = 0;

  const ended = once(child, 'exit').then(() => {
    for (const { reject } of waiting.values()) reject(new Error('the prober has ended'));
    waiting.clear();
  });

  createInterface({ input: child.stdout }).on('line', (line) => {
    const answer = JSON.parse(line) as Answer;
    const asked = waiting.get(answer.id);
    waiting.delete(answer.id);
    if (answer.error === undefined) asked?.resolve(answer);
    else asked?.reject(new Error(`prober: ${answer.error}`));
  });

  const ask = (request: Readonly<Record<string, unknown>>): Promise<Answer> =>
    new Promise((resolve, reject) => {
      lastId += 1;
      waiting.set(lastId, { resolve, reject });
      child.stdin.write(`${JSON.stringify({ id: lastId, ...request })}\n`);
    });

  return {
    async serve(listeners) {
      await ask({ op: 'serve', listeners: listeners.map(inNetnsPath) });
    },
    async probe(probes) {
      const { outcomes = [] } = await ask({ op: 'probe', probes: probes.map(inNetnsPath) });
      return outcomes;
    },
    async stream(stream) {
      await ask({ op: 'stream', stream: inNetnsPath(stream) });
    },
    async beats(name) {
      const { sentNs = [], afterNs = [] } = await ask({ op: 'beats', name });
      return sentNs.map((sent, at) => {
        const after = afterNs[at] ?? 0;
        return { sentNs: sent, answered: after > 0, afterMs: after / 1e6 };
      });
    },
    async open(flows) {
      await ask({ op: 'open', flows: inNetnsPath(flows) });
    },
    async ask(name, timeoutMs) {
      const { answered = [] } = await ask({ op: 'ask', name, timeoutMs });
      return answered;
    },
    async push(server, name) {
      await ask({ op: 'push', name, listeners: [inNetnsPath({ ...server, protocol: 'UDP' })] });
    },
    async hangUp(name) {
      await ask({ op: 'close', name });
    },
    async endStream(name) {
      await ask({ op: 'end', name });
    },
    async wire(wire) {
      await ask({ op: 'wire', wire: inNetnsPath(wire) });
    },
    async inject(packets, timeoutMs) {
      const { arrived = [] } = await ask({ op: 'inject', packets, timeoutMs });
      return arrived;
    },
    async pulse(pulses, intervalUs) {
      await ask({ op: 'pulse', pulses, intervalUs });
    },
    async expect(step, expected) {
      await ask({ op: 'expect', step, expected: expected.join('') });
    },
    async pulses() {
      const { pulses } = await ask({ op: 'pulses' });
      if (pulses === undefined) throw new Error('prober: no report of the pulses');
      return pulses;
    },
    async still() {
      await ask({ op: 'still' });
    },
    async load(load) {
      const answer = await ask({ op: 'load', load: { ...inNetnsPath(load), toNetns: netnsPath(load.toNetns) } });
      if (answer.yield === undefined) throw new Error('prober: a load came to nothing');
      return answer.yield;
    },
    async forget(netns) {
      await ask({ op: 'forget', netns: netnsPath(netns) });
    },
    async close() {
      child.stdin.end();
      const impatience = setTimeout(() => child.kill('SIGKILL'), CLOSE_MS);
      await ended;
      clearTimeout(impatience);
    },
  };
};
