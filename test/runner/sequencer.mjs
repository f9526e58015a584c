import { readFileSync } from 'node:fs';
import path from 'node:path';
import Sequencer from '@jest/test-sequencer';
import { divide } from './divide.ts';

const ROOT = path.join(import.meta.dirname, '../..');
const DURATIONS = JSON.parse(readFileSync(path.join(import.meta.dirname, 'durations.json'), 'utf8'));

/** Divides the files of tests among the sandboxes of a run so that each takes about as long as the others. */
export default class BalancingSequencer extends Sequencer {
  shard(tests, { shardIndex, shardCount }) {
    const byFile = new Map(tests.map((test) => [path.relative(ROOT, test.path), test]));
    const parts = divide([...byFile.keys()], DURATIONS, shardCount);
    return parts[shardIndex - 1].map((file) => byFile.get(file));
  }
}
