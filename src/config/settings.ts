import type { Limits } from '../policy/limits.ts';
import { readLimits } from './limits.ts';
import { IP_FAMILIES, type IpFamily } from '../model/family.ts';
import type { LeaseHome } from '../model/lease-home.ts';
import { isDnsLabel, isDnsSubdomain } from '../model/dns-name.ts';
import type { OnDeny } from '../model/on-deny.ts';
import type {
  AntiSpoofing,
  Config,
  EventsChoice,
  GateScope,
  IptablesBackendChoice,
  LogFormat,
  LogLevel,
  MetricsAuth,
  PodConditionScope,
} from './config.ts';
import { readAntiSpoofing } from './anti-spoofing.ts';
import { readDuration } from './duration.ts';
import { type ListenAddress, readListenAddress } from './listen-address.ts';
import { oneOf, type Setting } from './setting.ts';

const MIN_DRIFT_INTERVAL_MS = 100;
const MAX_DRIFT_INTERVAL_MS = 3_600_000;
const MAX_XTABLES_WAIT_SECONDS = 300;
/** Groups have 16 bits (iptables-extensions(8), NFLOG). */
const MAX_NFLOG_GROUP = 65_535;
/**
 * Groups of the lock of a node's agents (kernel-lock.ts), and of reports about refused packets (program/answers.ts,
 * program/records.ts).
 */
const OWN_NFLOG_GROUPS: readonly number[] = [20_546, 20_547, 20_548, 20_549, 20_550, 20_551, 20_552];

const FAMILIES: Readonly<Record<string, Config['ipFamilies']>> = {
  auto: 'auto',
  ipv4: ['ipv4'],
  ipv6: ['ipv6'],
  dual: IP_FAMILIES,
};

const within = (value: number | undefined, min: number, max: number): number | undefined =>
  value !== undefined && value >= min && value <= max ? value : undefined;

const filePath = (text: string): string | undefined => (text === '' ? undefined : text);

const kubeconfig: Setting<string> = {
  flag: 'kubeconfig',
  placeholder: 'FILE',
  help: 'watch the API server that this kubeconfig names',
  accepts: 'a path',
  read: filePath,
};

const inCluster: Setting<boolean> = {
  flag: 'in-cluster',
  help: 'watch the API server of the cluster that this pod runs in; the default inside a pod',
  accepts: 'true or false',
  read: (text) => (text === 'true' ? true : text === 'false' ? false : undefined),
};

const manifests: Setting<string> = {
  flag: 'manifests',
  placeholder: 'DIR',
  help: 'read pods, namespaces and policies from a folder of manifests instead of an API server, and watch it',
  accepts: 'a path',
  read: filePath,
};

const nodeName: Setting<string> = {
  flag: 'node-name',
  placeholder: 'NAME',
  required: true,
  help: "this node's name, as in spec.nodeName of its pods",
  accepts: 'the name of a Node: lower-case letters, digits, "-" and ".", at most 253 characters',
  read: (text) => (isDnsSubdomain(text) ? text : undefined),
};

const listen: Setting<ListenAddress | 'off'> = {
  flag: 'listen',
  placeholder: 'ADDRESS',
  help: 'serve /metrics, /healthz, /readyz and /status here; 0 serves none',
  initial: '127.0.0.1:9577',
  accepts: 'host:port, [address]:port, :port, or 0 for none',
  read: readListenAddress,
};

const metricsAuth = oneOf<MetricsAuth>(['off', 'kubernetes'], {
  flag: 'metrics-auth',
  placeholder: 'off|kubernetes',
  help: 'kubernetes: ask the API server whether the caller may get /metrics and /status; /healthz and /readyz stay open',
  initial: 'off',
});

const tlsCert: Setting<string> = {
  flag: 'tls-cert',
  placeholder: 'FILE',
  help: 'serve metrics, health and status over TLS with this certificate (PEM); a changed file is loaded without a restart',
  accepts: 'a path',
  read: filePath,
};

const tlsKey: Setting<string> = {
  flag: 'tls-key',
  placeholder: 'FILE',
  help: 'the private key of the certificate (PEM)',
  accepts: 'a path',
  read: filePath,
};

const logFormat = oneOf<LogFormat>(['json', 'text'], {
  flag: 'log-format',
  placeholder: 'json|text',
  help: 'format of log lines',
  initial: 'json',
});

const logLevel = oneOf<LogLevel>(['error', 'warn', 'info', 'debug'], {
  flag: 'log-level',
  placeholder: 'LEVEL',
  help: 'minimum log level: error, warn, info or debug',
  initial: 'info',
});

const iptablesBackend = oneOf<IptablesBackendChoice>(['auto', 'nft', 'legacy'], {
  flag: 'iptables-backend',
  placeholder: 'auto|nft|legacy',
  help: 'which iptables to use; auto detects the backend that the kubelet and kube-proxy use',
  initial: 'auto',
});

const ipFamilies: Setting<'auto' | readonly IpFamily[]> = {
  flag: 'ip-families',
  placeholder: 'auto|ipv4|ipv6|dual',
  help: 'the IP families to enforce',
  initial: 'auto',
  accepts: `one of ${Object.keys(FAMILIES).join(', ')}`,
  read: (text) => (Object.hasOwn(FAMILIES, text) ? FAMILIES[text] : undefined),
};

const driftInterval: Setting<number> = {
  flag: 'drift-interval',
  placeholder: 'DURATION',
  help: 'time between two checks of the kernel for changes by other programs',
  initial: '2s',
  accepts: 'a duration from 100ms to 1h, such as 5s',
  read: (text) => within(readDuration(text), MIN_DRIFT_INTERVAL_MS, MAX_DRIFT_INTERVAL_MS),
};

const xtablesWait: Setting<number> = {
  flag: 'xtables-wait',
  placeholder: 'SECONDS',
  help: 'how long an iptables command waits for the xtables lock',
  initial: '5',
  accepts: 'whole seconds from 1 to 300',
  read: (text) => (/^\d+$/.test(text) ? within(Number(text), 1, MAX_XTABLES_WAIT_SECONDS) : undefined),
};

const nflogGroup: Setting<number> = {
  flag: 'nflog-group',
  placeholder: 'GROUP',
  help: 'send denied packets to this NFLOG group, with the chain as prefix, up to 10 a second per chain; 0 sends none',
  initial: '0',
  accepts: `a number from 0 to 65535, but not ${OWN_NFLOG_GROUPS[0]} to ${OWN_NFLOG_GROUPS.at(-1)}, which are the agent's own`,
  read: (text) =>
    /^\d+$/.test(text) && !OWN_NFLOG_GROUPS.includes(Number(text))
      ? within(Number(text), 0, MAX_NFLOG_GROUP)
      : undefined,
};

const records = oneOf<'on' | 'off'>(['on', 'off'], {
  flag: 'records',
  placeholder: 'on|off',
  help: 'keep a record of each connection that is refused, and why: in the log, as a metric, and for "portcullis flows"',
  initial: 'on',
});

const deniedEvents = oneOf<'on' | 'off'>(['on', 'off'], {
  flag: 'denied-events',
  placeholder: 'on|off',
  help: 'post an Event on a pod whose connections are refused, up to one in ten minutes',
  initial: 'off',
});

/** Maximum bytes of a Unix socket's path (unix(7)), less those of the name in the folder. */
const LONGEST_FOLDER = 70;

const recordsDir: Setting<string> = {
  flag: 'records-dir',
  placeholder: 'DIR',
  help: 'the folder of the records: they are written there every minute, and "portcullis flows" reads them by a socket there; 0 for none',
  initial: '0',
  accepts: `an absolute path of up to ${LONGEST_FOLDER} characters, or 0 for none`,
  read: (text) => ((text.startsWith('/') && text.length <= LONGEST_FOLDER) || text === '0' ? text : undefined),
};

const onDeny = oneOf<OnDeny>(['drop', 'reject'], {
  flag: 'on-deny',
  placeholder: 'drop|reject',
  help: 'answer to denied packets: none, or up to 50 a second a TCP reset or ICMP communication administratively prohibited',
  initial: 'drop',
});

const cniResults: Setting<string> = {
  flag: 'cni-results',
  placeholder: 'DIR',
  help: "libcni's result cache, from which the agent learns the addresses of this node's pods before they start; 0 reads none",
  initial: '/var/lib/cni/results',
  accepts: 'an absolute path, or 0 for none',
  read: (text) => (text.startsWith('/') || text === '0' ? text : undefined),
};

/** Maximum length in bytes of a Unix socket's name (unix(7)), less the suffix that it has while it is made. */
const LONGEST_SOCKET = 90;

const cniSocket: Setting<string> = {
  flag: 'cni-socket',
  placeholder: 'FILE',
  help: 'the Unix socket on which the agent answers the CNI plugin, once the policies of a new pod are in force; 0 for none',
  initial: '0',
  accepts: `an absolute path of up to ${LONGEST_SOCKET} characters, or 0 for none`,
  read: (text) => ((text.startsWith('/') && text.length <= LONGEST_SOCKET) || text === '0' ? text : undefined),
};

const healthFile: Setting<string> = {
  flag: 'health-file',
  placeholder: 'FILE',
  help: 'write the answers of /healthz and /readyz to this file, for portcullis-probe; 0 writes none',
  initial: '0',
  accepts: 'an absolute path, or 0 for none',
  read: (text) => (text.startsWith('/') || text === '0' ? text : undefined),
};

const statusSocket: Setting<string> = {
  flag: 'status-socket',
  placeholder: 'FILE',
  help: 'the Unix socket on which the agent answers "portcullis status"; 0 for none',
  initial: '0',
  accepts: `an absolute path of up to ${LONGEST_SOCKET} characters, or 0 for none`,
  read: (text) => ((text.startsWith('/') && text.length <= LONGEST_SOCKET) || text === '0' ? text : undefined),
};

/** A Helm release, or any DNS label (RFC 1123) of up to 53 characters, as Helm takes it. */
const RELEASE = /^[a-z0-9](?:[-a-z0-9]{0,51}[a-z0-9])?$/;

const readLeaseHome = (text: string): LeaseHome | 'off' | undefined => {
  if (text === '0') return 'off';
  const [namespace = '', release = '', ...rest] = text.split('/');
  return isDnsLabel(namespace) && RELEASE.test(release) && rest.length === 0 ? { namespace, release } : undefined;
};

const lease: Setting<LeaseHome | 'off'> = {
  flag: 'lease',
  placeholder: 'NAMESPACE/RELEASE',
  help: 'renew a Lease in this namespace, named RELEASE-agent-NODE, that says what this node enforces; 0 for none',
  initial: '0',
  accepts: 'NAMESPACE/RELEASE, such as kube-system/portcullis, with up to 53 characters of RELEASE; or 0 for none',
  read: readLeaseHome,
};

const podCondition = oneOf<PodConditionScope>(['all', 'gated', 'off'], {
  flag: 'pod-condition',
  placeholder: 'all|gated|off',
  help: 'set the condition portcullis.io/enforced on pods whose policies are in the kernel: on all, or on those with that readiness gate',
  initial: 'all',
});

const gate = oneOf<GateScope>(['off', 'isolated-namespaces', 'all'], {
  flag: 'gate',
  placeholder: 'off|isolated-namespaces|all',
  help: "drop traffic of addresses in this node's pod range that no known pod owns: only while an isolated pod has no address yet, or always",
  initial: 'isolated-namespaces',
});

const events = oneOf<EventsChoice>(['on', 'off'], {
  flag: 'events',
  placeholder: 'on|off',
  help: 'post Kubernetes Events for invalid policies, changes by other programs, and failures',
  initial: 'on',
});
const antiSpoofing: Setting<AntiSpoofing> = {
  flag: 'anti-spoofing',
  placeholder: 'auto|off|PATTERN,…',
  help: 'drop packets with a spoofed source address and packets forged for tunnels. auto: check the sources of pods where CNI results show one interface per pod; PATTERN: check them on these interfaces, such as veth+',
  initial: 'auto',
  accepts: 'auto, off, or names of interfaces; a "+" at the end matches any ending',
  read: readAntiSpoofing,
};

const limits: Setting<Limits> = {
  flag: 'limits',
  placeholder: 'default|NAME=NUMBER,…',
  help: 'limits for policies, such as namespace-rules=20000: policy-, namespace- or node-, then rules, sets, members or memory (MiB)',
  initial: 'default',
  accepts: 'default, or names with numbers, such as namespace-rules=20000,node-memory=256',
  read: readLimits,
};

/** Every setting of the agent, in the order of the help. The command line's parser uses the same keys. */
export const SETTINGS = {
  kubeconfig,
  inCluster,
  manifests,
  nodeName,
  listen,
  healthFile,
  statusSocket,
  metricsAuth,
  tlsCert,
  tlsKey,
  logFormat,
  logLevel,
  iptablesBackend,
  ipFamilies,
  driftInterval,
  xtablesWait,
  nflogGroup,
  records,
  recordsDir,
  deniedEvents,
  onDeny,
  cniResults,
  cniSocket,
  lease,
  podCondition,
  gate,
  events,
  antiSpoofing,
  limits,
} as const;

export type SettingName = keyof typeof SETTINGS;
