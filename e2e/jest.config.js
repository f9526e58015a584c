import root from '../jest.config.js';

const [{ transform, extensionsToTreatAsEsm, testEnvironment }] = root.projects;

/** Specs against a real cluster; `npm run e2e` starts them, one after the other. @type {import('jest').Config} */
export default {
  rootDir: '..',
  watchman: false,
  testEnvironment,
  extensionsToTreatAsEsm,
  transform,
  testMatch: ['<rootDir>/e2e/specs/**/*.test.ts'],
  // Tests wait for pods, nodes and whole roll-outs, each with a deadline of its own.
  testTimeout: 300_000,
};
