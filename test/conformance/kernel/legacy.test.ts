import { describeKernelConformance } from './suite.ts';

describeKernelConformance('kernel, iptables-legacy', { backend: 'legacy', attach: 'ptp', takes: () => true });
