import { TestEnvironment } from 'jest-environment-node';
import { followTests } from './follow-tests.ts';

/** Jest's own environment for Node, which also follows every file of tests (follow-tests.ts). */
export default class FollowedEnvironment extends TestEnvironment {
  #follower;

  constructor(config, context) {
    super(config, context);
    this.#follower = followTests(context.testPath);
  }

  async setup() {
    await super.setup();
    this.#follower.begin();
  }

  async handleTestEvent(event, state) {
    await this.#follower.onEvent(event, state);
  }

  async teardown() {
    await this.#follower.end();
    await super.teardown();
  }
}
