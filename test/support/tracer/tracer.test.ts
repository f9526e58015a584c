import { beforeEach, describe, expect, test } from '@jest/globals';
import { createFakeRunner } from '../fake-kernel/fake-kernel.ts';
import { createFakeHost, type FakeHost } from '../fake-kernel/host.ts';
import type { WalkedPacket } from './packet.ts';
import { walk } from './tracer.ts';

const PACKET: WalkedPacket = { source: '10.0.0.1', destination: '10.0.0.2', protocol: 'tcp', port: 80 };

let host: FakeHost;

beforeEach(() => {
  host = createFakeHost();
});

const load = async (...lines: readonly string[]): Promise<void> => {
  const input = ['*security', ':A - [0:0]', ':B - [0:0]', ...lines, 'COMMIT', ''].join('\n');
  await createFakeRunner(host).run('iptables-nft-restore', ['--noflush', '-w', '5'], { input });
};

describe('the tracer, as netfilter', () => {
  test('the tracer accepts at the end of a built-in chain', () => {
    expect(walk(host, PACKET)).toEqual({ verdict: 'accept', met: [], tried: 0 });
  });

  test('the tracer comes back after a jump, by the end of the chain or by RETURN', async () => {
    await load('-A FORWARD -j A', '-A FORWARD -j B', '-A FORWARD -j DROP', '-A B -j RETURN', '-A B -j ACCEPT');
    expect(walk(host, PACKET)).toMatchObject({
      verdict: 'drop',
      met: ['FORWARD -j A', 'FORWARD -j B', 'B -j RETURN', 'FORWARD -j DROP'],
    });
  });

  test('the tracer comes back from a goto to the origin of the last jump', async () => {
    await load('-A FORWARD -j A', '-A FORWARD -j DROP', '-A A -g B', '-A A -j ACCEPT', '-A B -j RETURN');
    expect(walk(host, PACKET).met).toEqual(['FORWARD -j A', 'A -g B', 'B -j RETURN', 'FORWARD -j DROP']);
  });

  test('the tracer leaves a built-in chain for good by a goto or a RETURN', async () => {
    await load('-A FORWARD -s 10.0.0.1/32 -g A', '-A FORWARD -s 10.0.0.2/32 -j RETURN', '-A FORWARD -j DROP');
    expect(walk(host, PACKET).verdict).toBe('accept');
    expect(walk(host, { ...PACKET, source: '10.0.0.2' }).verdict).toBe('accept');
    expect(walk(host, { ...PACKET, source: '10.0.0.3' }).verdict).toBe('drop');
  });

  test('the tracer continues after a log and after a rule that only counts', async () => {
    await load('-A FORWARD -j NFLOG --nflog-prefix x --nflog-group 1', '-A FORWARD -p tcp', '-A FORWARD -j DROP');
    expect(walk(host, PACKET)).toMatchObject({ verdict: 'drop', tried: 3 });
  });

  test('the tracer requires every match of a rule', async () => {
    await load('-A FORWARD ! -s 10.0.0.9/32 -d 10.0.0.0/24 -p tcp -m multiport --dports 70,80:90 -j DROP');
    expect(walk(host, PACKET).verdict).toBe('drop');
    for (const other of [
      { source: '10.0.0.9' },
      { destination: '10.0.1.2' },
      { protocol: 'udp' },
      { port: 91 },
    ] as const) {
      expect(walk(host, { ...PACKET, ...other }).verdict).toBe('accept');
    }
  });
});
