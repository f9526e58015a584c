import { IP_FAMILIES } from '../model/family.ts';
import { heldSet, SET_PREFIX } from '../program/names.ts';
import type { Companion, StartCompanion } from './companion.ts';

/** Of all sets: their headers (type, number of members, seed …), or the members as well. */
export type Watched = 'headers' | 'members';

export interface Seen {
  /** Names of our sets that are not what they were when this was asked last: they came, went or changed. At first, all. */
  readonly changed: readonly string[];
  /** What the kernel told, bytes. */
  readonly size: number;
}

/**
 * Knows which of our sets in the kernel are the same as when it was asked last. It is a program that stays, keeps the
 * kernel's messages and compares them with the next ones: half of what `ipset list` costs, which prints each member, and
 * nothing of it has to be read.
 */
export interface SetWatch {
  /** @throws Error where there is no answer; the next question starts anew, with all of them */
  look(watched: Watched): Promise<Seen>;
  stop(): void;
}

/**
 * AF_NETLINK, SOCK_RAW, NETLINK_NETFILTER; a message is nlmsghdr, nfgenmsg and attributes (include/uapi/linux/netlink.h,
 * netfilter/nfnetlink.h, netfilter/ipset/ip_set.h). Asked is IPSET_CMD_LIST as a dump with IPSET_ATTR_PROTOCOL 6, and with
 * IPSET_FLAG_LIST_HEADER for headers. Each answer is about one set, a large one comes in several, and begins with the
 * protocol and the set's name; what comes ends with NLMSG_DONE. Of sets whose members go by themselves it looks at what
 * stands before IPSET_ATTR_DATA alone, which is their shape.
 *
 * Arguments: how our names begin; names of sets whose members go by themselves.
 */
const PROGRAM = `
  ($prefix, @timed) = @ARGV;
  $isTimed{$_} = 1 for @timed;
  socket(S, 16, 3, 12) or die "netlink socket: $!\n";
  $| = 1;
  while ($watched = <STDIN>) {
    $body = pack("C C n S S C x3", 2, 0, 0, 5, 1, 6);
    $body .= pack("S S N", 8, 0x4006, 4) if $watched eq "headers\n";
    defined send(S, pack("L S S L L", 16 + length $body, 0x607, 0x301, 0, 0) . $body, 0) or die "netlink send: $!\n";
    %seen = ();
    $size = 0;
    ANSWER: while (1) {
      defined recv(S, $answer, 65536, 0) or die "netlink receive: $!\n";
      $size += length $answer;
      for ($at = 0; $at < length $answer; $at += ($length + 3) & ~3) {
        ($length, $type, $code) = unpack("x$at L S x10 l", $answer);
        die "netlink: error $code\n" if $type == 2 or $length < 16 or ($type == 3 and $code != 0);
        last ANSWER if $type == 3;
        $name = unpack("Z32", substr($answer, $at + 32, 32));
        next if index($name, $prefix) != 0;
        $end = $length;
        if ($isTimed{$name}) {
          for ($end = 28; $end < $length; $end += ($skipped + 3) & ~3) {
            ($skipped, $attribute) = unpack("S S", substr($answer, $at + $end, 4));
            last if ($attribute & 0x3fff) > 6 or $skipped < 4;
          }
        }
        $seen{$name} .= substr($answer, $at + 28, $end - 28);
      }
    }
    $last = $known{$watched};
    @changed = grep { not defined $last->{$_} or $last->{$_} ne $seen{$_} } keys %seen;
    push @changed, grep { not defined $seen{$_} } keys %$last;
    $known{$watched} = { %seen };
    print join(" ", $size, @changed), "\n";
  }
`;

const ANSWER = /^(\d+)((?: \S+)*)\n$/;

export const createSetWatch = (start: StartCompanion, timeoutMs = 5_000): SetWatch => {
  const timed = IP_FAMILIES.map(heldSet);
  let companion: Companion | undefined;
  let answer = '';
  let told: (() => void) | undefined;

  const open = (): Companion => {
    const opened = start('perl', ['-e', PROGRAM, SET_PREFIX, ...timed], (text) => {
      answer += text;
      told?.();
    });
    void opened.ended.then(() => {
      if (companion === opened) companion = undefined;
      told?.();
    });
    return opened;
  };

  /** Settles when the answer is complete, the program has ended, or the time is over. */
  const settled = (asked: Companion): Promise<RegExpExecArray | null> =>
    new Promise((resolve) => {
      const impatience = setTimeout(resolve, timeoutMs, null);
      told = () => {
        const complete = ANSWER.exec(answer);
        if (complete === null && companion === asked) return;
        clearTimeout(impatience);
        resolve(complete);
      };
    });

  const stop = (): void => {
    companion?.stop();
    companion = undefined;
  };

  return {
    async look(watched) {
      answer = '';
      const asked = (companion ??= open());
      const complete = settled(asked);
      asked.write(`${watched}\n`);
      const [, size, names] = (await complete) ?? [];
      told = undefined;
      if (names === undefined) {
        stop();
        throw new Error('nobody tells of the sets');
      }
      return { changed: names.split(' ').filter((name) => name !== ''), size: Number(size) };
    },
    stop,
  };
};
