import { createSocket } from 'node:dgram';
import { connect } from 'node:net';
import type { Outcome, ProbeTarget } from './pod-protocol.ts';

/** Interval of repetitions, since a datagram may be lost although nothing forbids it. */
const RESEND_MS = 150;

const OUTCOMES: Readonly<Record<string, Outcome>> = {
  ECONNREFUSED: 'refused',
  ECONNRESET: 'refused',
  ETIMEDOUT: 'timeout',
  EHOSTUNREACH: 'unreachable',
  ENETUNREACH: 'unreachable',
  EADDRNOTAVAIL: 'unreachable',
  EACCES: 'unreachable',
};

const outcomeOf = (error: NodeJS.ErrnoException): Outcome => OUTCOMES[error.code ?? ''] ?? 'unreachable';

/**
 * Calls `late` after `ms` unless cancelled. If the process was not scheduled for a while, both the timer and an answer may be
 * due: the answer, which comes in between, wins.
 */
const afterSilence = (ms: number, late: () => void): (() => void) => {
  let immediate: NodeJS.Immediate | undefined;
  const timer = setTimeout(() => {
    immediate = setImmediate(late);
  }, ms);
  return () => {
    clearTimeout(timer);
    clearImmediate(immediate);
  };
};

const probeTcp = ({ ip, port }: ProbeTarget, timeoutMs: number): Promise<Outcome> =>
  new Promise((resolve) => {
    const socket = connect({ host: ip, port });
    const finish = (outcome: Outcome): void => {
      cancel();
      socket.resetAndDestroy();
      resolve(outcome);
    };
    const cancel = afterSilence(timeoutMs, () => {
      finish('timeout');
    });
    socket.on('connect', () => {
      finish('open');
    });
    socket.on('error', (error) => {
      finish(outcomeOf(error));
    });
  });

const probeUdp = ({ ip, port }: ProbeTarget, timeoutMs: number): Promise<Outcome> =>
  new Promise((resolve) => {
    const socket = createSocket(ip.includes(':') ? 'udp6' : 'udp4');
    let resend: NodeJS.Timeout | undefined;
    const finish = (outcome: Outcome): void => {
      cancel();
      clearInterval(resend);
      socket.removeAllListeners('error').on('error', () => undefined);
      socket.close();
      resolve(outcome);
    };
    const cancel = afterSilence(timeoutMs, () => {
      finish('timeout');
    });
    const send = (): void => {
      socket.send('portcullis');
    };
    socket.on('message', () => {
      finish('open');
    });
    socket.on('error', (error) => {
      finish(outcomeOf(error));
    });
    // Connected, so that ICMP errors become errors and other senders' datagrams do not count.
    socket.connect(port, ip, () => {
      send();
      resend = setInterval(send, RESEND_MS);
    });
  });

/** Opens a connection, or sends a datagram that the other end sends back, from a new port. Never rejects. */
export const probePort = (target: ProbeTarget, timeoutMs: number): Promise<Outcome> =>
  target.protocol === 'TCP' ? probeTcp(target, timeoutMs) : probeUdp(target, timeoutMs);
