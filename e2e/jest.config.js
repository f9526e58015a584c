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
  // Pods, nodes and whole roll-outs are waited for, each with a deadline of its own.
  testTimeout: 300_000,
};
