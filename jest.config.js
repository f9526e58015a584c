/** Everything the projects share: native ES modules, TypeScript stripped by swc, no type check (that is `npm run check`). */
const common = {
  testEnvironment: '<rootDir>/test/runner/environment.mjs',
  extensionsToTreatAsEsm: ['.ts'],
  transform: {
    '\\.ts$': [
      '@swc/jest',
      {
        jsc: { target: 'es2024', parser: { syntax: 'typescript' }, experimental: { keepImportAttributes: true } },
        module: { type: 'es6' },
        sourceMaps: 'inline',
        swcrc: false,
      },
    ],
  },
};

/** Folders whose tests need namespaces and the kernel's firewall. */
const KERNEL = ['kernel'];
/** The same, with whole clusters: a real kube-apiserver, several nodes, agents as processes. */
const CLUSTER = ['api', 'lab', 'chaos', 'cli/play/live', 'manifests', 'strange/nodes'];
/** The same, and they take the longest, most of it waiting. */
const CONFORMANCE = ['conformance/kernel'];
/** Clusters that are attacked by hand-made frames; the rest of test/attacks is pure. */
const ATTACKS = ['attacks/networks'];

const pathOf = (folder) => `<rootDir>/test/${folder}/`;
const inFolders = (folders) => folders.map((folder) => `${pathOf(folder)}**/*.test.ts`);

/** @type {import('jest').Config} */
export default {
  watchman: false,
  // Tests with effects share one sandbox: its namespaces and links are taken by one file at a time.
  maxWorkers: 1,
  testSequencer: '<rootDir>/test/runner/sequencer.mjs',
  // A slow, shared machine is no reason to fail: tests wait for conditions with deadlines of their own.
  testTimeout: 180_000,
  projects: [
    {
      ...common,
      displayName: 'pure',
      testMatch: ['<rootDir>/test/**/*.test.ts'],
      testPathIgnorePatterns: ['/node_modules/', ...[...KERNEL, ...CLUSTER, ...CONFORMANCE, ...ATTACKS].map(pathOf)],
    },
    {
      ...common,
      displayName: 'kernel',
      testMatch: inFolders(KERNEL),
    },
    {
      ...common,
      displayName: 'cluster',
      testMatch: inFolders(CLUSTER),
    },
    {
      ...common,
      displayName: 'conformance',
      testMatch: inFolders(CONFORMANCE),
    },
    {
      ...common,
      displayName: 'attacks',
      testMatch: inFolders(ATTACKS),
    },
  ],
};
