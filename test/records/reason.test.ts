import { expect, test } from '@jest/globals';
import { anyPeerChain, isolationChain } from '../../src/program/names.ts';
import { refusalOf } from '../../src/records/reason.ts';

test.each([
  [isolationChain('ingress', ['shop/web'], ''), { reason: 'policy', direction: 'ingress' }],
  [isolationChain('egress', ['shop/web'], ''), { reason: 'policy', direction: 'egress' }],
  [anyPeerChain('egress', ['shop/web'], ''), { reason: 'bridge', direction: 'egress' }],
  ['PORTCULLIS-BRIDGE-arp', { reason: 'bridge', direction: undefined }],
  ['PORTCULLIS-UNKNOWN', { reason: 'gate', direction: undefined }],
  ['PORTCULLIS-HELD', { reason: 'reopen guard', direction: undefined }],
  ['PORTCULLIS-STRAY', { reason: 'stray TCP', direction: undefined }],
  ['PORTCULLIS-NO-ADDRESS', { reason: 'no address', direction: undefined }],
  ['PORTCULLIS-SPOOFED', { reason: 'spoofed source', direction: undefined }],
  ['PORTCULLIS-INJECTED', { reason: 'tunnel', direction: undefined }],
  ['KUBE-FORWARD', undefined],
])('the prefix %s stands for %j', (prefix, expected) => {
  expect(refusalOf(prefix)).toEqual(expected);
});
