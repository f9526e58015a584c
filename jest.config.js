/** Everything the two projects share: native ES modules, TypeScript stripped by swc, no type check (that is `npm run check`). */
const common = {
  testEnvironment: 'node',
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

/** Folders whose tests need namespaces, the kernel's firewall or a real kube-apiserver. */
const EFFECTS = ['kernel', 'api', 'lab', 'chaos', 'conformance/kernel', 'cli/play/live', 'manifests'];

const effectPaths = EFFECTS.map((folder) => `<rootDir>/test/${folder}/`);

/** @type {import('jest').Config} */
export default {
  watchman: false,
  // Tests with effects share one sandbox: its namespaces and links are taken by one file at a time.
  maxWorkers: 1,
  // A slow, shared machine is no reason to fail: tests wait for conditions with deadlines of their own.
  testTimeout: 60_000,
  projects: [
    {
      ...common,
      displayName: 'pure',
      testMatch: ['<rootDir>/test/**/*.test.ts'],
      testPathIgnorePatterns: ['/node_modules/', ...effectPaths],
    },
    {
      ...common,
      displayName: 'kernel',
      testMatch: effectPaths.map((path) => `${path}**/*.test.ts`),
    },
  ],
};
