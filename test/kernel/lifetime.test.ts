import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { createCommandRunner } from '../../src/kernel/command.ts';
import { nodeAddress } from '../../src/lab/fabric.ts';
import type { Lab } from '../../src/lab/lab.ts';
import { onNode, POD_BRIDGE } from '../../src/lab/node.ts';
import { type RunningProcess, startProcess } from '../../src/lab/process.ts';
import { IP_FAMILIES, type IpFamily } from '../../src/model/family.ts';
import { cniResultFile, cniResultText } from '../support/cni/cni-result.ts';
import { openLab } from '../support/lab/open-lab.ts';
import { createProber, type Probe, PROBER_START_MS, type Prober } from '../support/lab/prober.ts';
import { ATTACHMENTS, dualStackNode } from '../support/lab/small-lab.ts';
import { waitFor } from '../support/wait-for.ts';

/** Sandboxes that outlive their pods, a real agent, and packets. */

const PORTCULLIS = path.join(import.meta.dirname, '../../bin/portcullis');
const DEADLINE_MS = 30_000;
const PORT = 80;

const ADDRESSES: Readonly<Record<string, Readonly<Record<IpFamily, string>>>> = {
  caged: { ipv4: '10.244.1.5', ipv6: 'fd00:10:244:1::5' },
  free: { ipv4: '10.244.1.6', ipv6: 'fd00:10:244:1::6' },
  far: { ipv4: '10.244.2.5', ipv6: 'fd00:10:244:2::5' },
};

const ipsOf = (name: string): readonly string[] => Object.values(ADDRESSES[name] ?? {});

const podManifest = (name: string, node: string, ips: readonly string[], isTerminating = false): string =>
  JSON.stringify({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name,
      namespace: 'shop',
      labels: { app: name },
      ...(isTerminating && { deletionTimestamp: '2026-01-01T00:00:00Z' }),
    },
    spec: { nodeName: node, containers: [{ name: 'c' }] },
    status: { phase: 'Running', podIPs: ips.map((ip) => ({ ip })) },
  });

const CAGE = `
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { name: cage, namespace: shop }
spec: { podSelector: { matchLabels: { app: caged } }, policyTypes: [Ingress, Egress] }
`;

const CASES = ATTACHMENTS.flatMap((attachment) => [true, false].map((notes) => ({ ...attachment, notes })));

describe.each(CASES)('with pods attached by $attach (notes of the runtime: $notes)', ({ attach, backend, notes }) => {
  let lab: Lab;
  let prober: Prober;
  let folder: string;
  let agent: RunningProcess | undefined;
  let log: string[];

  const manifest = (name: string): string => path.join(folder, 'state', `${name}.json`);
  const listen = `${nodeAddress('ipv4', 1)}:9577`;

  const note = async (name: string, ips: readonly string[]): Promise<void> => {
    if (!notes) return;
    const ofNode = attach === 'bridge' ? [{ name: POD_BRIDGE }, { name: `v-${name}` }] : [{ name: `v-${name}` }];
    const interfaces = [...ofNode, { name: 'eth0', sandbox: `/run/netns/${name}` }];
    const listed = ips.map((ip) => ({ interface: ofNode.length, address: `${ip}/${ip.includes(':') ? 64 : 24}` }));
    // The uid of a manifest's pod is its name.
    const parts = { uid: `shop/${name}`, addresses: [], container: name };
    const text = cniResultText({ ...parts, result: { cniVersion: '1.0.0', interfaces, ips: listed } });
    await writeFile(path.join(folder, 'results', cniResultFile(parts)), text);
  };

  const sandbox = async (name: string, node: string, ips: readonly string[]): Promise<void> => {
    await lab.addPods([{ name, node, ips, device: `v-${name}` }]);
    await prober.serve(ips.map((ip) => ({ netns: name, ip, protocol: 'TCP', port: PORT })));
    if (node === 'node1') await note(name, ips);
  };

  const start = async (): Promise<void> => {
    const [file, ...args] = [
      ...onNode('node1'),
      PORTCULLIS,
      'agent',
      `--manifests=${path.join(folder, 'state')}`,
      `--cni-results=${notes ? path.join(folder, 'results') : '0'}`,
      '--node-name=node1',
      `--listen=${listen}`,
      `--iptables-backend=${backend}`,
      '--log-format=text',
    ] as const;
    agent = await startProcess(file, args, { output: (line) => log.push(line) });
    await untilStatus('the agent to be ready', ({ ready }) => ready);
  };

  interface Status {
    readonly ready: boolean;
    readonly pending: boolean;
    readonly closed: {
      readonly count: number;
      readonly pods: readonly { readonly pod: string; readonly reason: string }[];
    };
  }

  const untilStatus = (what: string, holds: (status: Status) => boolean): Promise<unknown> =>
    waitFor(
      what,
      DEADLINE_MS,
      async () => {
        const response = await fetch(`http://${listen}/status`).catch(() => undefined);
        const status = (await response?.json()) as Status | undefined;
        return (status !== undefined && !status.pending && holds(status)) || undefined;
      },
      () => log.join('\n'),
    );

  /**
   * Returns the outcomes for the caged address in each family, as a client and as a server, and for an open pod beside
   * it.
   */
  const outcomes = async (caged: string): Promise<readonly string[]> => {
    const flows = [
      [caged, 'caged', 'far'],
      ['far', 'far', 'caged'],
      ['free', 'free', 'caged'],
      ['free', 'free', 'far'],
    ] as const;
    const found = await prober.probe(
      IP_FAMILIES.flatMap((family) =>
        flows.map(([netns, from, to]): Probe => {
          const at = (name: string): string => ADDRESSES[name]?.[family] ?? '';
          return { netns, protocol: 'TCP', from: at(from), to: at(to), port: PORT, timeoutMs: 1500 };
        }),
      ),
    );
    return [found.slice(0, flows.length).join(' '), found.slice(flows.length).join(' ')];
  };

  const OPEN = 'open open open open';
  const CLOSED = 'timeout timeout timeout open';

  const expectAll = async (expected: string, caged = 'caged'): Promise<void> => {
    expect(await outcomes(caged)).toEqual([expected, expected]);
  };

  beforeEach(async () => {
    log = [];
    folder = await mkdtemp(path.join(tmpdir(), 'portcullis-lifetime-'));
    await mkdir(path.join(folder, 'state'));
    await mkdir(path.join(folder, 'results'));
    prober = await createProber();
    lab = await openLab({ families: IP_FAMILIES, attach, backend });
    await lab.addNode(dualStackNode(1));
    await lab.addNode(dualStackNode(2));
    if (attach === 'bridge') {
      // As the bridge plugin does: otherwise the bridge's address changes with its ports, and pods cannot reach it for
      // a while.
      await createCommandRunner(onNode('node1')).run('ip', ['link', 'set', POD_BRIDGE, 'address', '02:00:00:00:99:01']);
    }
    for (const [name, node] of [
      ['caged', 'node1'],
      ['free', 'node1'],
      ['far', 'node2'],
    ] as const) {
      await sandbox(name, node, ipsOf(name));
      await writeFile(manifest(name), podManifest(name, node, ipsOf(name)));
    }
    await writeFile(path.join(folder, 'state', 'policy.yaml'), CAGE);
  }, PROBER_START_MS);

  afterEach(async () => {
    await agent?.stop();
    await prober.close();
    await lab.close();
    await rm(folder, { recursive: true });
  });

  test('a pod that is gone from the API and still runs is closed, and its address opens for a pod that gets it', async () => {
    await expectAll(OPEN);
    await start();
    await expectAll(CLOSED);

    await rm(manifest('caged'));
    await untilStatus('the pod to be closed', ({ closed }) => closed.count === 1);
    await expectAll(CLOSED);
    if (notes) {
      // A starting agent knows nothing but the sources.
      await agent?.stop();
      await start();
      await untilStatus('the pod to be closed again', ({ closed }) => closed.pods[0]?.pod === 'shop/web');
      await expectAll(CLOSED);
    }

    await lab.removePods(['caged']);
    await rm(path.join(folder, 'results', cniResultFile({ uid: '', addresses: [], container: 'caged' })), {
      force: true,
    });
    await sandbox('next', 'node1', ipsOf('caged'));
    await writeFile(manifest('next'), podManifest('next', 'node1', ipsOf('caged')));
    await untilStatus('nothing to be closed', ({ closed }) => closed.count === 0);
    await expectAll(OPEN, 'next');
  }, 120_000);

  test('a pod that ends normally is forgotten, and so is one whose sandbox goes first', async () => {
    await start();
    await writeFile(manifest('caged'), podManifest('caged', 'node1', ipsOf('caged'), true));
    await untilStatus('the change to be in force', () => true);
    await expectAll(CLOSED);
    await lab.removePods(['caged']);
    await rm(path.join(folder, 'results', cniResultFile({ uid: '', addresses: [], container: 'caged' })), {
      force: true,
    });
    await rm(manifest('caged'));
    await sandbox('next', 'node1', ipsOf('caged'));
    await writeFile(manifest('next'), podManifest('next', 'node1', ipsOf('caged')));
    await waitFor(
      'the new pod to be reached',
      DEADLINE_MS,
      async () => ((await outcomes('next')).every((each) => each === OPEN) ? true : undefined),
      () => log.join('\n'),
    );
    await untilStatus('nothing to be closed', ({ closed }) => closed.count === 0);
    await expectAll(OPEN, 'next');
  }, 120_000);
});
