import { describeSetting } from './describe-setting.ts';

describeSetting({ network: 'bridge', families: 'dual', backend: 'nft' }, 'slow ones too');
describeSetting({ network: 'bridge', families: 'dual', backend: 'legacy' });
