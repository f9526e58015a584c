import type { NodeLinks, Tunnel } from '../model/node-links.ts';
import { parseLinks, parseTunnelPeers } from '../render/parse-links.ts';
import type { CommandRunner } from './command.ts';

/**
 * What the interfaces of the present network namespace are, and where their tunnels end.
 * @throws CommandError where ip(8) or bridge(8) cannot be run
 */
export const readNodeLinks = async (runner: CommandRunner): Promise<NodeLinks> => {
  const links = parseLinks(await runner.run('ip', ['-d', '-j', 'address', 'show']));
  const withPeers = async (tunnel: Tunnel): Promise<Tunnel> => {
    // Only these have a table of their peers that is worth anything.
    if (tunnel.openBecause !== undefined) return tunnel;
    const peers = parseTunnelPeers(await runner.run('bridge', ['-j', 'fdb', 'show', 'dev', tunnel.device]));
    return { ...tunnel, peers: [...tunnel.peers, ...peers] };
  };
  return { ...links, tunnels: await Promise.all(links.tunnels.map(withPeers)) };
};
