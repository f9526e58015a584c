# Sends and receives frames in the network namespace it is started in, one a line.
#
# Standard input:
#   s DEVICE HEX             sends a frame out of a device
#   u PORT                   opens a UDP socket of both families at a port
#   r PROTOCOL               opens raw sockets of both families for an IP protocol
#   d ADDRESS PORT FROM HEX  sends a UDP datagram by a socket bound to the port FROM
#   q WORD                   answers once all lines before are done
# Standard output:
#   f INDEX HEX              a frame that came in by the interface with that index
#   k KIND NUMBER HEX        what a socket received: KIND is udp or raw, NUMBER its port or protocol
#   a WORD                   the answer to q
#   e TEXT                   a line that failed
# It needs no module but Socket, which is part of perl-base, and ends with its standard input.
use strict;
use warnings;
use Socket;

$| = 1;
my $everything = unpack('S', pack('n', 3));    # ETH_P_ALL in network byte order, packet(7)
socket(my $wire, 17, 3, $everything) or die "packet socket: $!\n";
setsockopt($wire, 1, 33, pack('i', 1 << 23)) or setsockopt($wire, 1, 8, pack('i', 1 << 23));    # SO_RCVBUFFORCE

my $any6 = "\0" x 16;
my %socket;

# Asks each time: a device that was re-created has another index.
sub index_of {
  my ($device) = @_;
  my $request = pack('a16x24', $device);
  ioctl($wire, 0x8933, $request) or die "no device $device: $!\n";    # SIOCGIFINDEX
  return unpack('x16i', $request);
}

sub listen_at {
  my ($kind, $number, $family, $type, $protocol) = @_;
  socket(my $fd, $family, $type, $protocol) or die "$kind $number: $!\n";
  setsockopt($fd, SOL_SOCKET, SO_REUSEADDR, 1);
  setsockopt($fd, 41, 26, 1) if $family == AF_INET6;    # IPV6_V6ONLY
  if ($kind eq 'udp') {
    bind($fd, $family == AF_INET ? pack_sockaddr_in($number, INADDR_ANY) : pack_sockaddr_in6($number, $any6))
      or die "udp $number: $!\n";
  }
  $socket{fileno $fd} = [$fd, $kind, $number];
}

sub datagram {
  my ($to, $port, $from, $hex) = @_;
  my $six = $to =~ /:/;
  my $fd = $socket{"from $from $six"} //= do {
    socket(my $new, $six ? AF_INET6 : AF_INET, SOCK_DGRAM, 0) or die "socket: $!\n";
    setsockopt($new, 41, 26, 1) if $six;
    bind($new, $six ? pack_sockaddr_in6($from, $any6) : pack_sockaddr_in($from, INADDR_ANY)) or die "bind: $!\n";
    $new;
  };
  my $address = $six ? pack_sockaddr_in6($port, inet_pton(AF_INET6, $to)) : pack_sockaddr_in($port, inet_pton(AF_INET, $to));
  send($fd, pack('H*', $hex), 0, $address) or die "send to $to: $!\n";
}

sub obey {
  my ($verb, @words) = split ' ', $_[0];
  if ($verb eq 's') {
    my ($device, $hex) = @words;
    my $to = pack('SniSCCa8', 17, 3, index_of($device), 0, 0, 6, pack('H12', $hex));
    send($wire, pack('H*', $hex), 0, $to) or die "send: $!\n";
  } elsif ($verb eq 'u') {
    listen_at('udp', $words[0], $_, SOCK_DGRAM, 0) for AF_INET, AF_INET6;
  } elsif ($verb eq 'r') {
    listen_at('raw', $words[0], $_, SOCK_RAW, $words[0]) for AF_INET, AF_INET6;
  } elsif ($verb eq 'd') {
    datagram(@words);
  } elsif ($verb eq 'q') {
    print "a $words[0]\n";
  }
}

my $text = '';
while (1) {
  my $ready = '';
  vec($ready, $_, 1) = 1 for 0, fileno($wire), grep { /^\d+$/ } keys %socket;
  next if select($ready, undef, undef, undef) < 0;
  if (vec($ready, fileno($wire), 1)) {
    for (1 .. 64) {
      my $from = recv($wire, my $frame, 65536, 0x40);    # MSG_DONTWAIT
      last unless defined $from;
      my (undef, undef, $index, undef, $kind) = unpack('SniSC', $from);
      print "f $index ", unpack('H*', $frame), "\n" if $kind != 4;    # PACKET_OUTGOING
    }
  }
  for my $fileno (grep { /^\d+$/ } keys %socket) {
    next unless vec($ready, $fileno, 1);
    my ($fd, $kind, $number) = @{ $socket{$fileno} };
    recv($fd, my $data, 65536, 0x40);
    print "k $kind $number ", unpack('H*', $data // ''), "\n";
  }
  if (vec($ready, 0, 1)) {
    sysread(STDIN, $text, 1 << 20, length $text) or exit 0;
    while ($text =~ s/^([^\n]*)\n//) {
      eval { obey($1); 1 } or print 'e ', $@ =~ s/\n.*//sr, "\n";
    }
  }
}
