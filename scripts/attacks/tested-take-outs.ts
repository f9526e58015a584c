import type { Edit } from './take-outs.ts';

/** The removal of a rule, and a test that then fails: for attacks that are not made of frames. */
export interface TestedTakeOut {
  readonly name: string;
  /** The attacks in the catalogue's last table that it opens; empty if only docs/hardening.md has it. */
  readonly attacks: readonly string[];
  /** Path from the root of the project. */
  readonly file: string;
  /** A part of the titles of the tests to run. */
  readonly title: string;
  readonly edits: readonly Edit[];
}

/** Ends an agent that cannot listen. */
const NO_LISTENER_NO_AGENT: readonly Edit[] = [
  { file: 'src/telemetry/serve-when-free.ts', text: '        noteFailure(error);\n', by: '        throw error;\n' },
];

/** Waits for any process that has the name. */
const NAME_IS_THE_LOCK: readonly Edit[] = [
  { file: 'src/kernel/node-lock/older-agent.ts', text: 'const DOUBT_MS = 750', by: 'const DOUBT_MS = 67_000' },
];

/** Lets the probes ask the listener, as the kubelet did. */
const PROBES_BY_HTTP: readonly Edit[] = [
  {
    file: 'bin/portcullis-probe',
    text: 'set -u\n',
    by: 'set -u\ncurl -sf -m 1 http://127.0.0.1:9577/healthz >/dev/null || exit 1\n',
  },
];

const NO_OTHER_TUNNELS: readonly Edit[] = [
  { file: 'src/program/source-check.ts', text: '...tunnelProtocols.map(carrier)', by: '' },
];

export const TESTED_TAKE_OUTS: readonly TestedTakeOut[] = [
  {
    name: 'enforcement without the listener',
    attacks: ['agent/port-taken'],
    file: 'test/kernel/faults/surface.test.ts',
    title: 'that has the port delays nothing',
    edits: NO_LISTENER_NO_AGENT,
  },
  {
    name: 'enforcement without a certificate',
    attacks: [],
    file: 'test/telemetry/serve-when-free.test.ts',
    title: 'is tried again after a certificate',
    edits: NO_LISTENER_NO_AGENT,
  },
  {
    name: 'a lock that is more than a name',
    attacks: ['agent/lock-name-taken'],
    file: 'test/kernel/faults/surface.test.ts',
    title: 'that has the agent’s name',
    edits: NAME_IS_THE_LOCK,
  },
  {
    name: 'a lock that is more than a name, when an agent is killed',
    attacks: [],
    file: 'test/kernel/faults/surface.test.ts',
    title: 'that takes the name when an agent is killed',
    edits: NAME_IS_THE_LOCK,
  },
  {
    name: 'a lock that takes CAP_NET_ADMIN',
    attacks: [],
    file: 'test/kernel/node-lock/kernel-lock.test.ts',
    title: 'is out of reach without CAP_NET_ADMIN',
    edits: [
      {
        file: 'src/kernel/node-lock/kernel-lock.ts',
        text: '$code = ask(1, $group);',
        by: '$code = 0;',
      },
    ],
  },
  {
    name: 'the name of agents is tried again',
    attacks: [],
    file: 'test/kernel/node-lock/node-lock.test.ts',
    title: 'though connections to it are kept',
    edits: [{ file: 'src/kernel/node-lock/node-lock.ts', text: 'RECONNECT_MS = 3_000', by: 'RECONNECT_MS = 600_000' }],
  },
  {
    name: 'probes that need no listener',
    attacks: ['agent/half-open-requests'],
    file: 'test/kernel/faults/surface.test.ts',
    title: 'that fills the listener with half requests',
    edits: PROBES_BY_HTTP,
  },
  {
    name: 'connections on which nothing moves',
    attacks: [],
    file: 'test/telemetry/limits.test.ts',
    title: 'that does not read its answer',
    edits: [{ file: 'src/telemetry/server.ts', text: '  server.setTimeout(IDLE_MS);\n', by: '' }],
  },
  {
    name: 'tunnels by their protocol',
    attacks: ['nodes/other-tunnels'],
    file: 'test/render/raw-table.test.ts',
    title: 'the ends of tunnels are validated',
    edits: NO_OTHER_TUNNELS,
  },
];
