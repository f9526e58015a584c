import { describeSetting } from './describe-setting.ts';

describeSetting({ network: 'routed', families: 'dual', backend: 'nft' });
describeSetting({ network: 'routed', families: 'dual', backend: 'legacy' });
