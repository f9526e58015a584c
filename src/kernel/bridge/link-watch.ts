import { TABLE } from '../../bridge/bridge-program.ts';
import type { Companion, StartCompanion } from '../companion.ts';

/** Changes that the kernel reports. */
export interface LinkNews {
  /** Interfaces were added, removed or changed, or reports were lost. */
  readonly onLinks: () => void;
  /** A program changed our bridge table; its name, up to 15 characters, and its process. */
  readonly onTable: (by: string) => void;
}

/** A standing program that reports changes of interfaces and of our table, and lists interfaces on request. */
export interface LinkWatch {
  /** Returns a line for each interface: see parseLinks. @throws Error if there is no answer */
  list(): Promise<string>;
  /** Returns the time (Clock.now()) since which it has listened without interruption. */
  listensSince(): number | undefined;
  stop(): void;
}

/**
 * Uses rtnetlink(7) and nf_tables by netlink(7) for what `ip -d link` and `nft monitor` report: `ip` would be started
 * for each read, and `nft monitor` prints every program's rules. A list is RTM_GETLINK as a dump without statistics
 * (IFLA_EXT_MASK); of each interface it prints index, name, kind, master, MAC and the bridge's own switches of
 * br_netfilter (IFLA_BR_NF_CALL_IPTABLES, IFLA_BR_NF_CALL_IP6TABLES), with `-` for missing values. The first attribute
 * of nf_tables' messages is the table's name; the end of a transaction has the program's name (NFTA_GEN_PROC_NAME).
 * NFPROTO_BRIDGE is 7.
 */
const PROGRAM = `
  ($table) = @ARGV;
  $| = 1;
  sub attributes {
    my ($text, %found) = @_;
    for (my $at = 0; $at + 4 <= length $text;) {
      my ($length, $kind) = unpack("S S", substr($text, $at, 4));
      last if $length < 4;
      $found{$kind & 0x3fff} = substr($text, $at + 4, $length - 4);
      $at += ($length + 3) & ~3;
    }
    return %found;
  }
  sub name { return unpack("Z*", $_[0]) }
  socket(L, 16, 3, 0) && bind(L, pack("S S L L", 16, 0, 0, 1)) or die "rtnetlink: $!\\n";
  socket(T, 16, 3, 12) && bind(T, pack("S S L L", 16, 0, 0, 0x40)) or die "nf_tables: $!\\n";
  socket(D, 16, 3, 0) or die "rtnetlink: $!\\n";
  sub list {
    my $body = pack("C x15", 0) . pack("S S L", 8, 29, 8);
    defined send(D, pack("L S S L L", 16 + length $body, 18, 0x301, 0, 0) . $body, 0) or die "send: $!\\n";
    while (1) {
      defined recv(D, my $answer, 262144, 0) or die "receive: $!\\n";
      for (my $at = 0; $at + 16 <= length $answer;) {
        my ($length, $type) = unpack("L S", substr($answer, $at, 6));
        return print ".\\n" if $type == 3 or $type == 2 or $length < 16;
        my $index = unpack("l", substr($answer, $at + 20, 4));
        my %link = attributes(substr($answer, $at + 32, $length - 32));
        my %info = attributes($link{18} // "");
        my $kind = name($info{1} // "");
        my %data = $kind eq "bridge" ? attributes($info{2} // "") : ();
        my $mac = length($link{1} // "") == 6 ? join(":", unpack("(H2)6", $link{1})) : "-";
        print join(" ", $index, name($link{3}), $kind eq "" ? "-" : $kind, defined $link{10} ? unpack("L", $link{10}) : "-",
          $mac, map { defined $data{$_} ? unpack("C", $data{$_}) : "-" } 36, 37), "\\n";
        $at += ($length + 3) & ~3;
      }
    }
  }
  print "listening\\n";
  while (1) {
    my $ready = "";
    vec($ready, fileno($_), 1) = 1 for STDIN, L, T;
    select($ready, undef, undef, undef);
    if (vec($ready, fileno(STDIN), 1)) {
      sysread(STDIN, my $asked, 4096) or exit 0;
      list();
    }
    if (vec($ready, fileno(L), 1)) {
      my $news;
      recv(L, $news, 262144, 0);
      print "links\\n";
    }
    if (vec($ready, fileno(T), 1)) {
      my $news;
      if (not defined recv(T, $news, 262144, 0)) { print "table ?\\n"; next }
      for (my $at = 0; $at + 20 <= length $news;) {
        my ($length, $type) = unpack("L S", substr($news, $at, 6));
        last if $length < 20;
        my %field = attributes(substr($news, $at + 20, $length - 20));
        if ($type == 0xa0f) {
          print "table ", name($field{3} // "?"), "\\n" if $ours;
          $ours = 0;
        } elsif (unpack("C", substr($news, $at + 16, 1)) == 7 and name($field{1} // "") eq $table) { $ours = 1 }
        $at += ($length + 3) & ~3;
      }
    }
  }
`;

/** Wait between two starts. */
const RESTART_MS = 5_000;
/** Time limit of a list. */
const TIMEOUT_MS = 5_000;

export const createLinkWatch = (start: StartCompanion, now: () => number, news: LinkNews): LinkWatch => {
  let companion: Companion | undefined;
  let startedAt = Number.NEGATIVE_INFINITY;
  let listeningSince: number | undefined;
  let unfinished = '';
  let listed: string[] = [];
  let waiting: PromiseWithResolvers<string> | undefined;

  const onLine = (line: string): void => {
    if (line === 'listening') listeningSince = now();
    else if (line === 'links') news.onLinks();
    else if (line.startsWith('table ')) news.onTable(line.slice('table '.length));
    else if (line === '.') {
      waiting?.resolve(listed.join('\n'));
      waiting = undefined;
    } else listed.push(line);
  };

  const open = (): Companion | undefined => {
    if (companion !== undefined || now() - startedAt < RESTART_MS) return companion;
    startedAt = now();
    unfinished = '';
    const started = start('perl', ['-e', PROGRAM, TABLE], (text) => {
      const lines = (unfinished + text).split('\n');
      unfinished = lines.pop() ?? '';
      lines.forEach(onLine);
    });
    companion = started;
    void started.ended.then(() => {
      if (companion !== started) return;
      companion = undefined;
      listeningSince = undefined;
      waiting?.reject(new Error('the list of interfaces ended early'));
      waiting = undefined;
    });
    return started;
  };

  return {
    async list() {
      const asked = open();
      if (asked === undefined)
        throw new Error('interfaces cannot be listed: the program that lists them does not start');
      if (waiting !== undefined) return waiting.promise;
      listed = [];
      const answer = Promise.withResolvers<string>();
      waiting = answer;
      asked.write('list\n');
      const timer = setTimeout(() => {
        answer.reject(new Error('interfaces cannot be listed: no answer'));
        if (waiting === answer) waiting = undefined;
      }, TIMEOUT_MS);
      return answer.promise.finally(() => {
        clearTimeout(timer);
      });
    },
    listensSince: () => listeningSince,
    stop() {
      const running = companion;
      companion = undefined;
      startedAt = Number.POSITIVE_INFINITY;
      running?.stop();
      waiting?.reject(new Error('stopped'));
      waiting = undefined;
    },
  };
};
