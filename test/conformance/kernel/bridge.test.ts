import { describeKernelConformance } from './suite.ts';

/** Number of cases, spread evenly over all corpora. */
const SAMPLE = 50;

describeKernelConformance('kernel, pods on a bridge', {
  backend: 'nft',
  attach: 'bridge',
  takes: (at, of) => Math.floor((at * SAMPLE) / of) !== Math.floor(((at + 1) * SAMPLE) / of),
});
