#!/usr/bin/perl
# Carries netlink messages between its standard input and output and a socket of the kernel (netlink(7),
# NETLINK_NETFILTER), for programs that cannot open one. It understands nothing of what it carries.
#
# Both ways each packet follows its length, 4 bytes, in the byte order of the machine. A packet of length 0 on the output
# says that the kernel threw messages away because the socket was full (ENOBUFS). It ends with its input.
#
# Perl's core alone: every Debian has it (perl-base).
use strict;
use warnings;
use Errno qw(EAGAIN EINTR ENOBUFS);

use constant { AF_NETLINK => 16, SOCK_RAW => 3, NETLINK_NETFILTER => 12, MSG_DONTWAIT => 0x40 };
use constant { SOL_SOCKET => 1, SO_RCVBUFFORCE => 33, RECEIVE_BUFFER => 4 << 20, LARGEST_PACKET => 1 << 20, COLLECTED => 1 << 16 };

socket(my $kernel, AF_NETLINK, SOCK_RAW, NETLINK_NETFILTER) or die "netlink socket: $!\n";
# Without CAP_NET_ADMIN in the first user namespace the default size stays.
setsockopt($kernel, SOL_SOCKET, SO_RCVBUFFORCE, pack('l', RECEIVE_BUFFER));

my $output = '';

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
  flush_output() if length $output >= COLLECTED;
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
  while (length $input >= 4 && length $input >= 4 + unpack('L', $input)) {
    my $length = unpack('L', $input);
    defined send($kernel, substr($input, 4, $length), 0) or die "netlink send: $!\n";
    substr($input, 0, 4 + $length, '');
    drain();
  }
  flush_output();
}
