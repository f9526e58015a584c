import { describeSetting } from './describe-setting.ts';

describeSetting({ network: 'bridge', families: 'dual', backend: 'nft' });
describeSetting({ network: 'bridge', families: 'dual', backend: 'legacy' });
