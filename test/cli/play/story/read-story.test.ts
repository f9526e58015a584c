import { describe, expect, test } from '@jest/globals';
import { readStory } from '../../../../src/cli/play/story/read-story.ts';

const read = (text: string) => readStory(text, 'story.yaml', 'demo/shop');

const HEAD = 'apiVersion: play.portcullis.dev/v1\nkind: Story\ntitle: Shop\nintro: A shop.\n';

describe('a story', () => {
  test('a story is read with its steps and connections', () => {
    const story = read(`${HEAD}steps:
  - say: Nothing is forbidden.
    curls:
      - {from: shop/web, to: db.shop, port: 5432, expect: answers}
  - say: Now it is.
    apply: policies/deny.yaml
    delete: [policies/old.yaml, policies/older.yaml]
    curls:
      - {from: shop/web, to: dns.kube-system, port: 53, udp: true, expect: times out}
`);
    expect(story).toEqual({
      folder: 'demo/shop',
      title: 'Shop',
      intro: 'A shop.',
      steps: [
        {
          say: 'Nothing is forbidden.',
          apply: [],
          delete: [],
          curls: [
            {
              from: 'shop/web',
              to: 'db.shop',
              port: 5432,
              protocol: 'TCP',
              expect: 'answers',
              place: { file: 'story.yaml', line: 8, column: 9 },
            },
          ],
        },
        {
          say: 'Now it is.',
          apply: ['policies/deny.yaml'],
          delete: ['policies/old.yaml', 'policies/older.yaml'],
          curls: [
            {
              from: 'shop/web',
              to: 'dns.kube-system',
              port: 53,
              protocol: 'UDP',
              expect: 'times out',
              place: { file: 'story.yaml', line: 13, column: 9 },
            },
          ],
        },
      ],
    });
  });

  test('every mistake of a story is reported with its file, line and field', () => {
    const steps = `steps:
  - say: Go.
    wait: 5
    curls:
      - {from: shop/web, port: 70000, udp: maybe, expect: refuses}
`;
    expect(() => read(`${HEAD}${steps}`)).toThrow(
      [
        'story.yaml:7:11: steps[0].wait: is not a field here; there are say, apply, delete, curls',
        'story.yaml:9:32: steps[0].curls[0].port: must be a whole number from 1 to 65535, not number 70000',
        'story.yaml:9:44: steps[0].curls[0].udp: must be true or false, not string "maybe"',
        'story.yaml:9:59: steps[0].curls[0].expect: "refuses" is not one of answers, times out',
        'story.yaml:9:9: steps[0].curls[0].to: is missing',
      ].join('\n'),
    );
  });

  test.each([
    ['kind: Story', 'kind: Tale', 'story.yaml:2:7: kind: must be Story'],
    ['title: Shop', 'title: ""', 'story.yaml:3:8: title: is missing'],
    ['intro: A shop.', 'intro: [A, shop]', 'story.yaml:4:1: intro: must be text, not a list'],
  ])('a story needs %s', (good, bad, message) => {
    expect(() => read(`${HEAD.replace(good, bad)}steps: [{say: Go.}]\n`)).toThrow(message);
  });

  test('a story needs steps, and must be a single YAML document', () => {
    expect(() => read(HEAD)).toThrow('steps: a story needs at least one step');
    expect(() => read(`${HEAD}steps: [\n`)).toThrow(/^story\.yaml:\d+:\d+: not YAML/);
    expect(() => read(`${HEAD}---\n${HEAD}`)).toThrow('story.yaml: one YAML document is expected');
    expect(() => read('')).toThrow('story.yaml: one YAML document is expected');
  });
});
