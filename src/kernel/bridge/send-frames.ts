import type { CommandRunner } from '../command.ts';

/** A frame for all ports of a bridge. */
export interface Frame {
  /** The kernel's index of the bridge. */
  readonly bridge: number;
  /** Hexadecimal digits, from the destination's MAC on. */
  readonly frame: string;
}

/** packet(7): AF_PACKET, SOCK_RAW; each line is an interface and a frame. Node has no such sockets. */
const SEND = `
  socket(S, 17, 3, 0) or die "packet socket: $!\\n";
  while (<STDIN>) {
    my ($index, $frame) = split;
    $frame = pack("H*", $frame);
    my $protocol = substr($frame, 12, 2);
    send(S, $frame, 0, pack("S a2 l S C C a8", 17, $protocol, $index, 0, 0, 6, substr($frame, 0, 6))) or warn "send: $!\\n";
  }
`;

/** Sends the frames from the bridges as the node itself. @throws CommandError without the capability NET_RAW */
export const sendFrames = async (runner: CommandRunner, frames: readonly Frame[]): Promise<void> => {
  if (frames.length === 0) return;
  await runner.run('perl', ['-e', SEND], { input: frames.map(({ bridge, frame }) => `${bridge} ${frame}\n`).join('') });
};
