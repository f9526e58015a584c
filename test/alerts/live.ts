import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { ALERTS } from '../../scripts/manifests/monitoring/alerts.ts';
import { ROWS } from '../../scripts/manifests/monitoring/dashboard.ts';
import { rulesText } from '../../scripts/manifests/monitoring/rules-text.ts';
import { connectByKubeconfig } from '../../src/cluster/api/kubeconfig.ts';
import { nodeAddress } from '../../src/lab/fabric.ts';
import { onNode } from '../../src/lab/node.ts';
import { type RunningProcess, startProcess } from '../../src/lab/process.ts';
import { startTestApiServer } from '../support/apiserver/start-api-server.ts';
import { cleanUp, removeFolder } from '../support/clean-up.ts';
import { startApiProxy } from '../support/faults/api-proxy.ts';
import { openPolicedNode } from '../support/lab/policed-node.ts';
import { waitFor } from '../support/wait-for.ts';
import { type Prometheus, startPrometheus } from './prometheus.ts';
import { quickAlerts } from './quick-rules.ts';

/** Maximum time until a fault fires its alert, or its end resolves it. */
const DEADLINE_MS = 120_000;
/** Maximum time until a hung API server is reported. */
const HUNG_MS = 120_000;
const FLOOD_MS = 20;
const LISTEN = '127.0.0.1:9578';
const PORTCULLIS = path.join(import.meta.dirname, '../../bin/portcullis');

/** A policy that the compiler cannot read: its operator does not exist. */
const INVALID = {
  apiVersion: 'networking.k8s.io/v1',
  kind: 'NetworkPolicy',
  metadata: { name: 'wrong', namespace: 'shop' },
  spec: {
    podSelector: { matchLabels: { name: 'client' } },
    ingress: [{ from: [{ podSelector: { matchExpressions: [{ key: 'a', operator: 'Is', values: ['b'] }] } }] }],
  },
};

/** Sends a datagram to `web` every few ms, and never ends by itself. */
const FLOOD = `const socket = require('node:dgram').createSocket('udp4');
setInterval(() => socket.send('x', 80, '10.244.1.5'), ${FLOOD_MS});`;

/** Repeats the work until it is stopped. */
const repeat = (everyMs: number, work: () => Promise<unknown>): (() => void) => {
  const timer = setInterval(() => void work().catch(() => undefined), everyMs);
  return () => {
    clearInterval(timer);
  };
};

/** Returns what is wrong with the rendered text of an alert. */
const unreadable = (annotations: Readonly<Record<string, string>>): string | undefined =>
  Object.values(annotations).find((text) => /<no value>|<error|%!/.test(text));

/** Waits until the alert fires, or is over. @returns the time that it took, in ms */
const untilFires = async (prometheus: Prometheus, name: string, fires: boolean): Promise<number> => {
  const began = performance.now();
  await waitFor(
    `${name} to ${fires ? 'fire' : 'be resolved'}`,
    DEADLINE_MS,
    async () => {
      const found = (await prometheus.firing()).find(({ labels }) => labels['alertname'] === name);
      const bad = found && unreadable(found.annotations);
      if (bad !== undefined) throw new Error(`${name}: ${bad}`);
      return (found !== undefined) === fires ? true : undefined;
    },
    () => '',
  );
  return performance.now() - began;
};

/** Asks every query of the dashboard. @returns their number @throws Error that names the panels without data */
const askPanels = async (prometheus: Prometheus): Promise<number> => {
  const queries = ROWS.flatMap(({ panels }) =>
    panels.flatMap(({ title, queries: asked }) => asked.map(({ expr }) => ({ title, expr }))),
  );
  const empty: string[] = [];
  for (const { title, expr } of queries) {
    const values = await prometheus.query(expr.replaceAll('$instance', '.*').replaceAll('$__rate_interval', '2m'));
    if (values.length === 0 || values.every(Number.isNaN)) empty.push(`${title}: ${expr}`);
  }
  if (empty.length > 0) throw new Error(`panels without data:\n${empty.join('\n')}`);
  return queries.length;
};

const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;

/**
 * Loads the alerts into a real Prometheus that scrapes two real agents: one of a node with pods, one that follows a real API
 * server through a proxy. Produces faults, and waits until each alert fires and is resolved.
 * @param say called with a line for each result
 * @throws Error at the first alert that does not behave
 */
export const exerciseAlerts = async (say: (line: string) => void): Promise<void> => {
  const folder = await mkdtemp(path.join(tmpdir(), 'portcullis-live-alerts-'));
  const server = await startTestApiServer();
  const proxy = await startApiProxy(() => connectByKubeconfig(server.kubeconfigPath));
  const node = await openPolicedNode();
  const lines: string[] = [];
  const undo: (() => unknown)[] = [];
  let follower: RunningProcess | undefined;
  let prometheus: Prometheus | undefined;
  try {
    const kubeconfig = path.join(folder, 'kubeconfig');
    await writeFile(kubeconfig, proxy.kubeconfig);
    follower = await startProcess(
      PORTCULLIS,
      ['agent', `--kubeconfig=${kubeconfig}`, '--node-name=n1', `--listen=${LISTEN}`, '--cni-results=0'],
      { output: (line) => lines.push(line) },
    );
    await node.putPolicy('client');
    await node.start();
    await node.untilStarted();
    await waitFor('the second agent', DEADLINE_MS, async () =>
      (await fetch(`http://${LISTEN}/readyz`).catch(() => undefined))?.ok === true ? true : undefined,
    );
    const running = await startPrometheus(path.join(folder, 'prometheus'), rulesText(quickAlerts(ALERTS)), [
      `${nodeAddress('ipv4', 1)}:9577`,
      LISTEN,
    ]);
    prometheus = running;

    const exercise = async (name: string, begin: () => unknown, end: () => unknown): Promise<void> => {
      await untilFires(running, name, false);
      await begin();
      const fired = await untilFires(running, name, true);
      await end();
      say(`${name}: fired after ${seconds(fired)}, resolved after ${seconds(await untilFires(running, name, false))}`);
    };

    const invalid = path.join(node.folder, 'state/invalid.json');
    await exercise(
      'PortcullisPolicyInvalid',
      () => writeFile(invalid, JSON.stringify(INVALID)),
      () => rm(invalid),
    );

    let endFlood = (): unknown => undefined;
    await exercise(
      'PortcullisRefusalsJump',
      async () => {
        const [file, ...prefix] = onNode('stranger');
        const flood = await startProcess(file, [...prefix, process.execPath, '-e', FLOOD]);
        endFlood = () => flood.stop();
        undo.push(endFlood);
      },
      () => endFlood(),
    );

    let endFlush = (): unknown => undefined;
    await exercise(
      'PortcullisDriftRepeats',
      () => {
        endFlush = repeat(1_500, () => node.run('iptables', ['-w', '5', '-t', 'security', '-F', 'PORTCULLIS-FORWARD']));
        undo.push(endFlush);
      },
      () => endFlush(),
    );

    await exercise(
      'PortcullisApiRefuses',
      () => {
        proxy.fault = () => ({ kind: 'status', code: 403 });
        proxy.cut();
      },
      () => {
        proxy.fault = () => undefined;
      },
    );

    await exercise(
      'PortcullisApiFails',
      () => proxy.down(),
      () => proxy.up(),
    );

    await exercise(
      'PortcullisAgentDown',
      () => node.end('SIGKILL'),
      () => node.start(),
    );
    await node.untilStarted();

    // Two policies, so that the histogram has changes of the last two minutes.
    await node.putPolicy('client', 'stranger');
    await waitFor(
      'every panel to have data',
      DEADLINE_MS,
      async () => {
        const asked = await askPanels(running).catch((error: unknown) => {
          if (String(error).includes('panels without data')) return undefined;
          throw error;
        });
        if (asked !== undefined) say(`dashboard: ${asked} queries, each with data`);
        return asked;
      },
      () => 'see the panels below',
    ).catch(async (error: unknown) => {
      await askPanels(running);
      throw error;
    });

    const before = lines.length;
    const began = performance.now();
    proxy.stall();
    const isTold = (line: string): boolean => line.includes('answers no question');
    await waitFor('the log about the hung API server', HUNG_MS, () =>
      Promise.resolve(lines.slice(before).some(isTold) || undefined),
    );
    const read = async (about: string): Promise<string> => (await fetch(`http://${LISTEN}/${about}`)).text();
    if (!isTold(await read('status'))) throw new Error('/status does not report the hung API server');
    if (!/portcullis_source_is_failing\{kind="\w+"\} 1/.test(await read('metrics'))) {
      throw new Error('no metric reports the hung API server');
    }
    const took = performance.now() - began;
    if (took > HUNG_MS) throw new Error(`the report of the hung API server took ${seconds(took)}`);
    await untilFires(running, 'PortcullisApiFails', true);
    proxy.flow();
    await untilFires(running, 'PortcullisApiFails', false);
    say(`a hung API server: told in log, /status and metric after ${seconds(took)}, and its end`);
  } catch (error) {
    say([...node.log().slice(-20), ...lines.slice(-20)].join('\n'));
    throw error;
  } finally {
    await cleanUp(
      ...undo.map((each) => async () => {
        await each();
      }),
      () => prometheus?.stop() ?? Promise.resolve(),
      () => follower?.stop() ?? Promise.resolve(),
      () => node.close(),
      () => proxy.close(),
      () => server.stop(),
      () => removeFolder(folder),
    );
  }
};
