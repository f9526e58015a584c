import type { Companion, StartCompanion } from '../companion.ts';

/**
 * `held`: this agent has the lock. `taken`: another process with CAP_NET_ADMIN has it. `unavailable`: this kernel has
 * no such lock (no nfnetlink_log), or perl cannot be started, or CAP_NET_ADMIN is missing.
 */
export type Grip = 'held' | 'taken' | 'unavailable';

/**
 * The NFLOG group that is the lock. No rule logs to it. A group belongs to one netlink socket of a network namespace at
 * a time, only CAP_NET_ADMIN may bind it, and the kernel frees it when that socket is closed, however its process ends
 * (net/netfilter/nfnetlink_log.c).
 */
export const NODE_LOCK_GROUP = 20_547;

/**
 * Binds the group (NFULNL_MSG_CONFIG with NFULNL_CFG_CMD_BIND, include/uapi/linux/netfilter/nfnetlink_log.h) and keeps
 * the socket open; tries again every 250 ms while another socket has it. Prints a line when the result changes.
 *
 * A group of another socket answers EPERM or EBUSY. A process without CAP_NET_ADMIN gets EPERM for everything: so after
 * EPERM it asks to unbind the group before, which nobody has: ENODEV answers those who may ask. The group behind is that of refused
 * packets (program/answers.ts).
 *
 * Once it has the group nothing is left to do but to keep the socket open: cat(1) does that with a third of the memory, until its
 * input ends. So the socket is to outlive the exec.
 */
const PROGRAM = `
  ($group) = @ARGV;
  $| = 1;
  $^F = 1000;
  socket(S, 16, 3, 12) or die "netlink socket: $!\\n";
  sub ask {
    ($command, $which) = @_;
    $body = pack("C C n S S C x3", 0, 0, $which, 5, 1, $command);
    defined send(S, pack("L S S L L", 16 + length $body, 0x401, 5, 0, 0) . $body, 0) or die "netlink send: $!\\n";
    do { defined recv(S, $answer, 8192, 0) or die "netlink receive: $!\\n" } until unpack("x4 S", $answer) == 2;
    return -unpack("x16 l", $answer);
  }
  while (1) {
    $code = ask(1, $group);
    last if $code == 0;
    $isTaken = $code == 16 || ($code == 1 && ask(2, $group - 1) != 1);
    $isTaken or die "netlink: error $code\\n";
    print "taken\\n" unless $told++;
    select(undef, undef, undef, 0.25);
  }
  print "held\\n";
  { exec "cat" }
  1 while <STDIN>;
`;

/** Wait before a program that was stopped or killed is started again. */
const RESTART_MS = 50;
/** A program that prints nothing for this long at its first start is abandoned. */
const SILENCE_MS = 5_000;

export interface KernelLock {
  /** Resolves with the first result. */
  readonly first: Promise<Grip>;
  grip(): Grip;
  /** Resolves when the result differs from the current one. */
  changed(): Promise<Grip>;
  /** Frees the lock, or stops waiting for it. */
  stop(): void;
}

/** Takes the lock, or waits for it. If its program is killed and the lock lost, takes it again. */
export const createKernelLock = (start: StartCompanion, group = NODE_LOCK_GROUP): KernelLock => {
  const first = Promise.withResolvers<Grip>();
  let news = Promise.withResolvers<Grip>();
  let grip: Grip = 'unavailable';
  let companion: Companion | undefined;
  let stopped = false;
  let isKnown = false;

  const set = (next: Grip): void => {
    const isNews = isKnown && next !== grip;
    grip = next;
    isKnown = true;
    first.resolve(next);
    if (!isNews) return;
    news.resolve(next);
    news = Promise.withResolvers<Grip>();
  };

  const run = (): void => {
    let said = '';
    const started = start('perl', ['-e', PROGRAM, String(group)], (text) => {
      said += text;
      const line = said.trimEnd().split('\n').at(-1);
      if (line === 'held' || line === 'taken') set(line);
    });
    companion = started;
    void started.ended.then(() => {
      if (stopped) return;
      // A program that never printed anything would not the next time either.
      if (said === '') set('unavailable');
      else setTimeout(run, RESTART_MS).unref();
    });
  };

  run();
  const impatience = setTimeout(() => {
    if (!isKnown) set('unavailable');
  }, SILENCE_MS);
  impatience.unref();
  return {
    first: first.promise,
    grip: () => grip,
    changed: () => news.promise,
    stop() {
      stopped = true;
      clearTimeout(impatience);
      companion?.stop();
    },
  };
};
