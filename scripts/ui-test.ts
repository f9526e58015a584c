import { spawnSync } from 'node:child_process';
import path from 'node:path';

/** `npm run ui:test`: all tests of the page in a browser, also those that take longer than `npm test` has time for. */
const root = path.join(import.meta.dirname, '..');
const { status } = spawnSync(
  process.execPath,
  [
    path.join(root, 'node_modules/jest/bin/jest.js'),
    '--selectProjects',
    'pure',
    '--testPathPatterns',
    'test/(?:ui|page|page-server)/',
  ],
  {
    cwd: root,
    stdio: 'inherit',
    env: {
      ...process.env,
      NODE_OPTIONS: '--experimental-vm-modules --disable-warning=ExperimentalWarning',
      PORTCULLIS_UI_TESTS: 'all',
    },
  },
);
process.exitCode = status ?? 1;
