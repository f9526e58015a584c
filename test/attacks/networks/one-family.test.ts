import { describeSetting } from './describe-setting.ts';

describeSetting({ network: 'bridge', families: 'ipv4', backend: 'nft' });
describeSetting({ network: 'bridge', families: 'ipv6', backend: 'legacy' });
describeSetting({ network: 'routed', families: 'ipv4', backend: 'nft' });
