import { hostname } from 'node:os';
import packageJson from '../../package.json' with { type: 'json' };
import type { Connect } from '../cluster/api/connection.ts';
import { createEventRecorder } from '../cluster/events/event-recorder.ts';
import { startLeader } from '../cluster/lease/leader.ts';
import { SETTINGS } from '../config/settings.ts';
import { startController } from '../controller/controller.ts';
import { createSystemClock } from '../kernel/clock.ts';
import { createControllerMetrics } from '../telemetry/controller-metrics.ts';
import { createLogger } from '../telemetry/logger.ts';
import { serveTelemetry } from '../telemetry/server.ts';
import { connectToCluster, kubeconfigOption } from './live-cluster.ts';
import { DEFAULT_LEASE, LEASE_VARIABLE, readLeaseHome } from './lease-home.ts';
import { type CliIo, UsageError, type Verb } from './verb.ts';

interface ControllerOptions {
  readonly kubeconfig?: string;
  readonly lease?: string;
  readonly listen?: string;
  readonly nodeSelector?: string;
  readonly startupTaint?: string;
  readonly identity?: string;
  readonly logFormat?: string;
  readonly logLevel?: string;
}

const DEFAULTS = {
  listen: '127.0.0.1:9579',
  nodeSelector: 'kubernetes.io/os=linux',
  startupTaint: 'off',
  logFormat: 'json',
  logLevel: 'info',
} as const;

const VARIABLES: Readonly<Record<keyof typeof DEFAULTS | 'identity', string>> = {
  listen: 'PORTCULLIS_LISTEN',
  nodeSelector: 'PORTCULLIS_NODE_SELECTOR',
  startupTaint: 'PORTCULLIS_STARTUP_TAINT',
  identity: 'PORTCULLIS_IDENTITY',
  logFormat: 'PORTCULLIS_LOG_FORMAT',
  logLevel: 'PORTCULLIS_LOG_LEVEL',
};

/** @throws UsageError that names the flag and what it accepts */
const checked = <T>(flag: string, text: string, value: T | undefined, accepts: string): T => {
  if (value === undefined) throw new UsageError(`--${flag}: "${text}" is not ${accepts}`);
  return value;
};

const readSelector = (text: string): ReadonlyMap<string, string> => {
  const pairs = text === '' ? [] : text.split(',').map((pair) => pair.split('='));
  const isValid = pairs.every((pair) => pair.length === 2 && pair[0] !== '');
  return checked(
    'node-selector',
    text,
    isValid ? new Map(pairs.map(([key = '', value = '']) => [key, value])) : undefined,
    'a list of labels such as kubernetes.io/os=linux',
  );
};

const readSettings = (options: ControllerOptions, env: CliIo['env']) => {
  const textOf = (name: keyof typeof DEFAULTS): string => options[name] ?? (env[VARIABLES[name]] || DEFAULTS[name]);
  const [listen, taint, format, level] = [
    textOf('listen'),
    textOf('startupTaint'),
    textOf('logFormat'),
    textOf('logLevel'),
  ];
  return {
    home: readLeaseHome(options.lease, { env }),
    listen: checked('listen', listen, SETTINGS.listen.read(listen), SETTINGS.listen.accepts),
    nodeSelector: readSelector(textOf('nodeSelector')),
    startupTaint: checked('startup-taint', taint, { on: true, off: false }[taint], 'on or off'),
    identity: options.identity ?? (env[VARIABLES.identity] || hostname()),
    logFormat: checked('log-format', format, SETTINGS.logFormat.read(format), SETTINGS.logFormat.accepts),
    logLevel: checked('log-level', level, SETTINGS.logLevel.read(level), SETTINGS.logLevel.accepts),
  };
};

const untilToldToStop = (): Promise<void> =>
  new Promise((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => resolve());
  });

const run = async (settings: ReturnType<typeof readSettings>, connect: Connect): Promise<void> => {
  const { home, listen, identity } = settings;
  const clock = createSystemClock();
  const log = createLogger({ format: settings.logFormat, level: settings.logLevel });
  const metrics = createControllerMetrics(
    () => leader.isLeader(),
    () => controller.nodes(),
  );
  const troubleOf =
    (what: string) =>
    (trouble: string | undefined): void => {
      if (trouble === undefined) log.info(`${what} works again`);
      else log.warn(`${what} fails; trying again`, { trouble });
    };
  const leader = startLeader({
    connect,
    clock,
    namespace: home.namespace,
    name: `${home.release}-controller`,
    identity,
    onChange: (isLeader) =>
      log.info(isLeader ? 'this replica is the leader' : 'this replica is not the leader any more'),
    onTrouble: troubleOf('the election'),
  });
  const events = createEventRecorder({
    connect,
    node: identity,
    clock,
    random: Math.random,
    onOutcome: metrics.recordEvent,
    onTrouble: troubleOf('posting events'),
  });
  const controller = startController({
    ...settings,
    connect,
    clock,
    random: Math.random,
    isLeader: leader.isLeader,
    events,
    metrics,
    log,
  });
  const isReady = { ok: true, reason: 'ok' };
  const server =
    listen === 'off'
      ? undefined
      : await serveTelemetry(listen, {
          metrics: metrics.expose,
          health: () => isReady,
          ready: () => (controller.hasSynced() ? isReady : { ok: false, reason: 'the first lists are not complete' }),
          status: () => ({
            version: packageJson.version,
            identity,
            leader: leader.isLeader(),
            nodes: controller.nodes(),
            events: events.status(),
          }),
        });
  log.info('portcullis controller started', { version: packageJson.version, identity, ...home });
  await untilToldToStop();
  await controller.stop();
  await Promise.all([leader.stop(), events.stop(), server?.close()]);
};

export const controllerVerb: Verb = {
  declare(command) {
    command
      .addOption(kubeconfigOption())
      .option('--lease <namespace/release>', `the agents' --lease (${LEASE_VARIABLE}; default ${DEFAULT_LEASE})`)
      .option(
        '--listen <address>',
        `serve /metrics, /healthz, /readyz and /status here; 0 serves none (${VARIABLES.listen}; default ${DEFAULTS.listen})`,
      )
      .option(
        '--node-selector <labels>',
        `labels of the nodes that have an agent (${VARIABLES.nodeSelector}; default ${DEFAULTS.nodeSelector})`,
      )
      .option(
        '--startup-taint <on|off>',
        `on: remove the taint portcullis.io/agent-not-ready from a node whose agent enforces (${VARIABLES.startupTaint}; default off)`,
      )
      .option(
        '--identity <name>',
        `this replica's name in the election (${VARIABLES.identity}; default the host's name)`,
      )
      .option('--log-format <json|text>', `format of log lines (${VARIABLES.logFormat}; default ${DEFAULTS.logFormat})`)
      .option('--log-level <level>', `minimum log level (${VARIABLES.logLevel}; default ${DEFAULTS.logLevel})`)
      .addHelpText(
        'after',
        `
Watches the agents' Leases, and says of each node whether its agent enforces: in
the Node's condition PortcullisEnforcing, in Events and as metrics, within 40 s.
Pods of a node whose agent is silent get the condition portcullis.io/enforced
Unknown, with the reason AgentStale. Of several replicas one writes. It goes on
until SIGTERM or SIGINT.

Examples:
  portcullis controller --kubeconfig ~/.kube/config --log-format text
  kubectl get nodes -o custom-columns='NODE:.metadata.name,\\
ENFORCING:.status.conditions[?(@.type=="PortcullisEnforcing")].reason'`,
      );
  },
  async run(command, io) {
    const options = command.opts<ControllerOptions>();
    const settings = readSettings(options, io.env);
    await run(settings, () => connectToCluster(options, io));
    return 0;
  },
};
