#!/usr/bin/perl
# Ends of TCP and UDP conversations in one network namespace, moved by lines on standard input:
#
#   listen NAME tcp|udp ADDRESS PORT
#   open NAME tcp|udp ADDRESS PORT [FROM-PORT]
#   say NAME WORD
#
# and reported on standard output, a line each, which begins with the name: `listening`, `open`, `accepted`, `heard WORD`,
# `closed`, or `failed ERROR` (errno(3) by its name). What a listener accepts has its name; one of UDP answers whom it heard last.
# A second listener at the same place is the first one under another name.
use strict;
use warnings;
use Errno;
use Socket qw(:DEFAULT :addrinfo inet_pton);

$| = 1;
my (%sockets, %listens, %opening, %peers, %listener_at);
my %names = map { Errno->can($_)->() => $_ } grep { Errno->can($_) } keys %!;

sub report { print "@_\n" }
sub failed { my ($name, $error) = @_; report($name, 'failed', $names{$error + 0} // $error + 0); delete $sockets{$name}; delete $opening{$name} }
sub pack_end {
  my ($address, $port) = @_;
  my ($error, $info) = getaddrinfo($address, $port, { flags => AI_NUMERICHOST, socktype => SOCK_STREAM });
  die "$error\n" if $error;
  return ($info->{family}, $info->{addr});
}
sub make {
  my ($name, $kind, $family) = @_;
  socket(my $socket, $family, $kind eq 'tcp' ? SOCK_STREAM : SOCK_DGRAM, 0) or die "socket: $!\n";
  setsockopt($socket, SOL_SOCKET, SO_REUSEADDR, pack('i', 1));
  $socket->blocking(0);
  return $socket;
}
sub obey {
  my ($verb, $name, @rest) = split ' ', $_[0];
  if ($verb eq 'say') {
    my $socket = $sockets{$name} or return failed($name, 'none');
    my $text = $rest[0] . "\n";
    my $sent = defined $peers{$name} ? send($socket, $text, MSG_NOSIGNAL, $peers{$name}) : send($socket, $text, MSG_NOSIGNAL);
    defined $sent or failed($name, $!);
    return;
  }
  my ($kind, $address, $port, $from) = @rest;
  my ($family, $end) = pack_end($address, $port);
  my $place = "$kind $address $port";
  if ($verb eq 'listen' && defined(my $before = $listener_at{$place})) {
    $listener_at{$place} = $name;
    for my $all (\%listens, \%sockets) { $all->{$name} = delete $all->{$before} if $all->{$before} && ($kind eq 'udp' || $all == \%listens) }
    return report($name, 'listening');
  }
  my $socket = make($name, $kind, $family);
  if ($verb eq 'listen') {
    bind($socket, $end) or return failed($name, $!);
    if ($kind eq 'tcp') { listen($socket, 8) or return failed($name, $!); $listens{$name} = $socket }
    else { $sockets{$name} = $socket }
    $listener_at{$place} = $name;
    return report($name, 'listening');
  }
  if ($from) {
    bind($socket, $family == AF_INET ? pack_sockaddr_in($from, INADDR_ANY) : pack_sockaddr_in6($from, inet_pton(AF_INET6, "::"))) or return failed($name, $!);
  }
  $sockets{$name} = $socket;
  if (connect($socket, $end)) { report($name, 'open') }
  elsif ($!{EINPROGRESS}) { $opening{$name} = 1 }
  else { failed($name, $!) }
}
sub hear {
  my ($name) = @_;
  my $from = recv($sockets{$name}, my $text, 65536, 0);
  return failed($name, $!) unless defined $from;
  if ($text eq '') { report($name, 'closed'); delete $sockets{$name}; return }
  $peers{$name} = $from if length $from && !getpeername($sockets{$name});
  report($name, 'heard', $_) for split /\n/, $text;
}

my $input = '';
while (1) {
  my ($readable, $writable) = ('', '');
  vec($readable, fileno(STDIN), 1) = 1;
  vec($readable, fileno($_), 1) = 1 for values %listens, values %sockets;
  vec($writable, fileno($sockets{$_}), 1) = 1 for keys %opening;
  next if select($readable, $writable, undef, undef) < 0;
  for my $name (keys %opening) {
    next unless vec($writable, fileno($sockets{$name}), 1);
    delete $opening{$name};
    my $error = unpack('i', getsockopt($sockets{$name}, SOL_SOCKET, SO_ERROR));
    if ($error) { failed($name, $error) } else { report($name, 'open') }
  }
  for my $name (keys %listens) {
    next unless vec($readable, fileno($listens{$name}), 1);
    next unless accept(my $accepted, $listens{$name});
    $accepted->blocking(0);
    $sockets{$name} = $accepted;
    report($name, 'accepted');
  }
  for my $name (keys %sockets) { hear($name) if !$opening{$name} && vec($readable, fileno($sockets{$name}), 1) }
  if (vec($readable, fileno(STDIN), 1)) {
    exit 0 unless sysread(STDIN, $input, 65536, length $input);
    obey($1) while $input =~ s/^(.*)\n//;
  }
}
