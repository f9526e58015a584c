import { afterAll, expect, test } from '@jest/globals';
import { AGNHOST_IMAGE } from '../../cluster/images/names.ts';
import { until } from '../../cluster/until.ts';
import { expectAnswer, expectDenied, url } from '../../support/curl.ts';
import { apply, get, kubectl } from '../../support/kubectl.ts';
import { onNode } from '../../support/node-access.ts';
import { DEFAULT_PORT, podObject } from '../../support/objects.ts';
import { closeNamespaces, podIps } from '../../support/stage.ts';
import { FRIENDLY, openTrio } from '../../support/trio.ts';

const NAMESPACE = 'e2e-address';
const HEIR = { namespace: NAMESPACE, name: 'heir' };

/** The folder in which host-local stores the owner of each address. */
const IPAM = '/run/cni-ipam/pods';

/** The file with the last address of the first family that was assigned. */
const LAST_RESERVED = `${IPAM}/last_reserved_ip.0`;

const FREE_MS = 30_000;

const predecessor = (ip: string): string => {
  const at = Math.max(ip.lastIndexOf('.'), ip.lastIndexOf(':')) + 1;
  const base = ip.includes(':') ? 16 : 10;
  return `${ip.slice(0, at)}${(Number.parseInt(ip.slice(at), base) - 1).toString(base)}`;
};

const friendlyJob = (node: string): object => ({
  apiVersion: 'batch/v1',
  kind: 'Job',
  metadata: { namespace: NAMESPACE, name: 'job' },
  spec: {
    template: {
      metadata: { labels: FRIENDLY },
      spec: {
        restartPolicy: 'Never',
        nodeName: node,
        containers: [{ name: 'job', image: AGNHOST_IMAGE, command: ['/bin/true'] }],
      },
    },
  },
});

interface PodList {
  readonly items: readonly { readonly status: { readonly podIP: string } }[];
}

afterAll(() => closeNamespaces(NAMESPACE));

test('an address that a finished Job leaves does not bring its next owner the Job’s rights', async () => {
  const { server, far } = await openTrio(NAMESPACE);
  await apply(friendlyJob(far.name));
  await kubectl(['-n', NAMESPACE, 'wait', '--for=condition=Complete', 'job/job', '--timeout=60s']);
  const { items } = await get<PodList>('-n', NAMESPACE, 'pods', '-l', 'job-name=job');
  const ip = items[0]?.status.podIP ?? '';

  const node = await onNode(far.name);
  await until(`${ip} is free`, FREE_MS, async () => !(await node.run('ls', [IPAM])).split('\n').includes(ip));
  await node.run('tee', [LAST_RESERVED], { input: predecessor(ip) });
  await apply(podObject({ ...HEIR, node: far.name }));
  await kubectl(['-n', NAMESPACE, 'wait', '--for=condition=Ready', 'pod', HEIR.name, '--timeout=60s']);

  expect((await podIps(HEIR))[0]).toBe(ip);
  const address = url((await podIps(server))[0] ?? '', DEFAULT_PORT);
  await expectDenied(HEIR, address);
  await kubectl(['-n', NAMESPACE, 'label', 'pod', HEIR.name, 'role=friend']);
  await expectAnswer(HEIR, address);
});
