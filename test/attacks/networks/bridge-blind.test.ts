import { describeSetting } from './describe-setting.ts';

describeSetting({ network: 'bridge-blind', families: 'dual', backend: 'nft' });
