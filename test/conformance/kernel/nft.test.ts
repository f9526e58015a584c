import { describeKernelConformance } from './suite.ts';

describeKernelConformance('kernel, iptables-nft', { backend: 'nft', attach: 'ptp', takes: () => true });
