/**
 * The import rule of the project, as a checker: model ← addresses ← policy ← program ← render ← reconcile; trace sees model, policy
 * and program; effects sit behind ports; only main, agent and cli see everything.
 */

/** What each folder of src may import besides itself. A folder that is not listed here may not exist. */
const SEES = {
  model: [],
  addresses: ['model'],
  policy: ['model', 'addresses'],
  program: ['model', 'policy'],
  render: ['model', 'policy', 'program'],
  trace: ['model', 'policy', 'program'],
  reach: ['model', 'policy', 'trace'],
  suggest: ['model', 'policy', 'trace', 'reach', 'check', 'records'],
  check: ['model', 'policy'],
  explain: ['model', 'policy', 'trace'],
  page: ['model', 'policy', 'trace', 'reach', 'explain', 'check'],
  'page-server': ['model', 'page'],
  bridge: ['model', 'addresses', 'policy', 'program'],
  records: ['model', 'policy', 'program', 'render', 'trace'],
  reconcile: ['model', 'policy', 'program', 'render', 'trace', 'bridge'],
  cluster: ['model', 'addresses'],
  kernel: ['model', 'policy', 'program', 'render', 'bridge', 'reconcile'],
  lab: ['model', 'kernel/command.ts'],
  config: ['model', 'policy'],
  controller: ['model', 'cluster', 'telemetry'],
  telemetry: ['model', 'config', 'policy', 'program', 'render', 'bridge', 'reconcile', 'records'],
};

/** Folders without effects, and the few modules of Node that one of them may use. */
const PURE = {
  model: [],
  addresses: [],
  policy: [],
  program: ['crypto'],
  render: [],
  trace: [],
  reach: [],
  suggest: [],
  check: [],
  explain: [],
  page: [],
  bridge: [],
  records: ['crypto'],
};

const anyOf = (names) => `(?:${names.join('|')})`;

const layers = Object.entries(SEES).map(([folder, seen]) => ({
  name: `${folder}-sees-only`,
  comment: `src/${folder} may import from: ${[folder, ...seen].join(', ')}`,
  severity: 'error',
  from: { path: `^src/${folder}/` },
  to: { path: '^src/', pathNot: `^src/${anyOf([folder, ...seen])}(?:/|$)` },
}));

const purity = Object.entries(PURE).map(([folder, allowed]) => ({
  name: `${folder}-is-pure`,
  comment: `src/${folder} has no effects: no modules of Node${allowed.length > 0 ? ` but ${allowed.join(', ')}` : ''}`,
  severity: 'error',
  from: { path: `^src/${folder}/` },
  to: {
    dependencyTypes: ['core'],
    ...(allowed.length > 0 ? { pathNot: `^(?:node:)?${anyOf(allowed)}$` } : {}),
  },
}));

/** @type {import('dependency-cruiser').IConfiguration} */
export default {
  forbidden: [
    ...layers,
    ...purity,
    {
      name: 'known-folders-only',
      comment: 'a new folder of src needs its place in the import rule first',
      severity: 'error',
      from: {},
      to: { path: '^src/', pathNot: `^src/(?:main\\.ts$|${anyOf([...Object.keys(SEES), 'agent', 'cli'])}/)` },
    },
    {
      name: 'pure-packages',
      comment: 'pure folders use no package but ipaddr.js: no logger, no YAML, no client',
      severity: 'error',
      from: { path: `^src/${anyOf(Object.keys(PURE))}/` },
      to: { dependencyTypes: ['npm', 'npm-dev', 'npm-optional', 'npm-peer'], pathNot: 'node_modules/ipaddr\\.js/' },
    },
    {
      name: 'one-way-to-run-programs',
      comment: 'programs run through the CommandRunner of src/kernel/command.ts',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/kernel/command\\.ts$' },
      to: { path: 'node_modules/execa/' },
    },
    {
      name: 'one-way-around-it',
      comment: 'only src/lab keeps servers, probes and an API server running, and the kernel its companions',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/(?:lab/|kernel/companion\\.ts$)' },
      to: { dependencyTypes: ['core'], path: '^(?:node:)?child_process$' },
    },
    {
      name: 'one-place-for-the-kubernetes-client',
      comment: 'only src/cluster loads @kubernetes/client-node; types may be used elsewhere',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/cluster/' },
      to: { path: 'node_modules/@kubernetes/client-node/', dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'page-sees-only-the-pure-core',
      comment: 'ui runs in a browser: of src it imports pure folders, and of them what needs no module of Node',
      severity: 'error',
      from: { path: '^ui/' },
      to: { path: '^src/', pathNot: '^src/(?:model|policy|trace|reach|check|explain|page)/' },
    },
    {
      name: 'nothing-imports-the-page',
      comment: 'the page is built by itself; only its server has its files',
      severity: 'error',
      from: { path: '^(?:src|test|bench|e2e|chaos)/' },
      to: { path: '^ui/' },
    },
    {
      name: 'product-stands-alone',
      comment: 'src imports nothing from tests, scripts, benchmarks or end-to-end tests',
      severity: 'error',
      from: { path: '^src/' },
      to: { path: '^(?:test|scripts|e2e|bench|chaos)/' },
    },
    {
      name: 'no-test-imports-a-test',
      severity: 'error',
      from: {},
      to: { path: '\\.test\\.ts$' },
    },
    {
      name: 'no-barrel',
      comment: 'import from the file that declares the thing',
      severity: 'error',
      from: {},
      to: { path: '/index\\.ts$', pathNot: 'node_modules' },
    },
    { name: 'no-circular', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'not-to-unresolvable',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true, pathNot: '^@jest/globals$' },
    },
    {
      name: 'declared-packages-only',
      comment: 'src uses what package.json lists under dependencies',
      severity: 'error',
      from: { path: '^src/' },
      to: { dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown', 'undetermined'] },
    },
  ],
  options: {
    doNotFollow: { path: ['node_modules'] },
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default', 'types'],
      extensions: ['.ts', '.tsx', '.js', '.json'],
    },
  },
};
