import { describeSetting } from './describe-setting.ts';

describeSetting({ network: 'routed', families: 'dual', backend: 'nft' }, 'slow ones too');
describeSetting({ network: 'routed', families: 'dual', backend: 'legacy' });
