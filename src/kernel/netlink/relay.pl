#!/usr/bin/perl
# Carries netlink messages between its standard input and output and a socket of the kernel (netlink(7),
# NETLINK_NETFILTER), for programs that cannot open one. It understands nothing of what it carries.
#
# Both ways each packet follows its length, 4 bytes, in the byte order of the machine. A packet of length 0 on the output
# says that the kernel threw messages away because the socket was full (ENOBUFS). It ends with its input.
#
# A length with the highest bit set announces an IP packet of either family, whole with its header, behind the index of an
# interface, 4 bytes: it is sent out of that interface as it is (raw(7)). What cannot be sent is lost, as packets are.
#
# With the next bit the answer is kept, by the sequence number of the request, and with the one after that it is compared with
# the one that was kept before: where it is the same, byte for byte, an NLMSG_NOOP of that sequence number takes its place.
#
# Perl's core alone: every Debian has it (perl-base).
use strict;
use warnings;
use Errno qw(EAGAIN EINTR ENOBUFS);
use Socket qw(AF_INET AF_INET6 pack_sockaddr_in pack_sockaddr_in6);

use constant { AF_NETLINK => 16, SOCK_RAW => 3, NETLINK_NETFILTER => 12, MSG_DONTWAIT => 0x40 };
use constant { RAW => 0x80000000, KEPT => 0x40000000, COMPARED => 0x20000000, LENGTH => 0x1fffffff };
use constant { IPPROTO_RAW => 255, SO_BINDTOIFINDEX => 62 };
use constant { NLMSG_NOOP => 1, NLMSG_DONE => 3, HEADER_BYTES => 16, DONE_BYTES => 20 };
use constant { SOL_SOCKET => 1, SO_RCVBUFFORCE => 33, RECEIVE_BUFFER => 4 << 20, LARGEST_PACKET => 1 << 20, COLLECTED => 1 << 16 };

socket(my $kernel, AF_NETLINK, SOCK_RAW, NETLINK_NETFILTER) or die "netlink socket: $!\n";
# Without CAP_NET_ADMIN in the first user namespace the default size stays.
setsockopt($kernel, SOL_SOCKET, SO_RCVBUFFORCE, pack('l', RECEIVE_BUFFER));

my $output = '';
# The output is the answer to a request that is kept: it stays until it is whole.
my $is_held = 0;

# Writes what was collected.
sub flush_output {
  while (length $output) {
    my $written = syswrite(STDOUT, $output);
    if (defined $written) { substr($output, 0, $written, '') }
    elsif ($! != EINTR) { exit 0 }
  }
}

# Answers to small requests go out together.
sub deliver {
  $output .= pack('L', length $_[0]) . $_[0];
  flush_output() if length $output >= COLLECTED && !$is_held;
}

# Hands on what is there. The kernel answers a request while it is sent, so this follows each.
sub drain {
  while (1) {
    my $sender = recv($kernel, my $answer, LARGEST_PACKET, MSG_DONTWAIT);
    if (defined $sender) { deliver($answer) }
    elsif ($! == ENOBUFS) { deliver('') }
    elsif ($! == EAGAIN) { return }
    elsif ($! != EINTR) { die "netlink receive: $!\n" }
  }
}

my %kept;

# Sends a request. What came before it is delivered first, so that what follows is its answer and little else.
sub ask {
  my ($request, $is_kept, $is_compared) = @_;
  defined send($kernel, $request, 0) or die "netlink send: $!\n";
  if (!$is_kept) { return drain() }
  my $before = $output;
  $output = '';
  $is_held = 1;
  drain();
  $is_held = 0;
  my $answer = $output;
  $output = $before;
  my $sequence = unpack('x8 L', $request);
  # An answer without its end is none that another one could be the same as.
  my ($length, $type) = length $answer < DONE_BYTES ? (0, 0) : unpack('L S', substr($answer, -DONE_BYTES));
  my $is_whole = $length == DONE_BYTES && $type == NLMSG_DONE;
  if ($is_compared && $is_whole && ($kept{$sequence} // '') eq $answer) {
    return deliver(pack('L S S L L', HEADER_BYTES, NLMSG_NOOP, 0, $sequence, 0));
  }
  if ($is_whole) { $kept{$sequence} = $answer }
  else { delete $kept{$sequence} }
  $output .= $answer;
  flush_output() if length $output >= COLLECTED;
}

my %raw;

# Sends an IP packet to its destination, by the interface alone that is named.
sub send_raw {
  my ($interface, $packet) = (unpack('l', $_[0]), substr($_[0], 4));
  my $is_ipv4 = ord($packet) >> 4 == 4;
  return if length $packet < ($is_ipv4 ? 20 : 40);
  my $family = $is_ipv4 ? AF_INET : AF_INET6;
  if (!$raw{$family}) {
    socket(my $socket, $family, SOCK_RAW, IPPROTO_RAW) or return;
    $raw{$family} = $socket;
  }
  setsockopt($raw{$family}, SOL_SOCKET, SO_BINDTOIFINDEX, pack('i', $interface)) or return;
  my $destination = $is_ipv4 ? substr($packet, 16, 4) : substr($packet, 24, 16);
  my $to = $is_ipv4 ? pack_sockaddr_in(0, $destination) : pack_sockaddr_in6(0, $destination);
  send($raw{$family}, $packet, MSG_DONTWAIT, $to);
}

my $input = '';
while (1) {
  my $ready = '';
  vec($ready, fileno(STDIN), 1) = 1;
  vec($ready, fileno($kernel), 1) = 1;
  next if select($ready, undef, undef, undef) < 0;
  drain() if vec($ready, fileno($kernel), 1);
  flush_output();
  next unless vec($ready, fileno(STDIN), 1);
  my $read = sysread(STDIN, $input, 1 << 16, length $input);
  exit 0 if defined $read && $read == 0;
  while (length $input >= 4) {
    my $announced = unpack('L', $input);
    my $length = $announced & LENGTH;
    last if length $input < 4 + $length;
    my $packet = substr($input, 4, $length);
    substr($input, 0, 4 + $length, '');
    if ($announced & RAW) {
      send_raw($packet);
      next;
    }
    ask($packet, $announced & KEPT, $announced & COMPARED);
  }
  flush_output();
}
