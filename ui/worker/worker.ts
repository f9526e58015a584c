import { messageOf } from '../../src/model/message-of.ts';
import { policyManifest } from '../../src/explain/change.ts';
import { createExplainer, type Explainer } from '../../src/explain/explainer.ts';
import { compareEdgeLists } from '../../src/page/edge-changes.ts';
import { clusterOf, type PageCluster } from '../../src/page/cluster.ts';
import { type DrawnPicture, drawPicture } from '../../src/page/picture.ts';
import type { Question, Report } from '../../src/page/questions.ts';
import { compareBase } from '../../src/page/what-if.ts';
import type { Replica } from '../../src/page/replica.ts';
import { follow } from './follow.ts';
import { readEdit, toYaml } from './edit.ts';

/** The newest state, compiled. */
interface Current {
  readonly cluster: PageCluster;
  readonly drawn: DrawnPicture;
  /** See Replica. */
  readonly version: number;
  explainer?: Explainer;
}

/** Pictures are drawn at most at this interval: a busy cluster changes more often than anybody looks. */
const DRAW_MS = 200;

let current: Current | undefined;
let pending: Replica | undefined;

const tell = (report: Report): void => postMessage(report);

const nodesOf = ({ picture }: DrawnPicture): string => picture.nodes.map(({ id }) => id).join('\n');

const draw = (): void => {
  const replica = pending;
  pending = undefined;
  const meta = replica?.meta();
  if (replica === undefined || meta === undefined) return;
  const cluster = clusterOf(replica.entries());
  const drawn = drawPicture(cluster);
  const version = replica.structure();
  const before = current;
  const isAsBefore = before?.version === version && nodesOf(before.drawn) === nodesOf(drawn);
  // The explanations of one structure stay good, however many connections are seen.
  current = {
    cluster,
    drawn,
    version,
    ...(isAsBefore && before.explainer !== undefined && { explainer: before.explainer }),
  };
  if (isAsBefore) {
    const changes = compareEdgeLists(before.drawn.picture.edges, drawn.picture.edges);
    tell({ tell: 'edges', changes, events: cluster.events });
    return;
  }
  const { events, problems, stories } = cluster;
  const misread = replica.misread();
  tell({
    tell: 'picture',
    meta,
    picture: drawn.picture,
    events,
    problems,
    stories,
    misread,
    version,
    ...(meta.against === undefined ? {} : { difference: compareBase(drawn, cluster) }),
  });
};

const onChange = (replica: Replica): void => {
  if (pending === undefined) setTimeout(draw, current === undefined ? 0 : DRAW_MS);
  pending = replica;
};

const nameOf = (cluster: PageCluster): Explainer =>
  createExplainer(cluster.snapshot, (pod) => `${pod.namespace}/${cluster.workloadOf(pod).name}`);

const answer = (question: Exclude<Question, { ask: 'open' }>): Report => {
  const { ask, id } = question;
  if (current === undefined) return { tell: ask, id, answer: 'nothing was read yet' };
  const { cluster, drawn } = current;
  try {
    switch (question.ask) {
      case 'explain': {
        const explainer = (current.explainer ??= nameOf(cluster));
        const explanation = explainer.explain(question.question);
        const suggestions = explainer.suggest(question.question).map((suggestion) => ({
          suggestion: { ...suggestion, opens: suggestion.opens.slice(0, 200), closes: suggestion.closes.slice(0, 200) },
          yaml: suggestion.manifests.map(toYaml).join('\n---\n'),
        }));
        return { tell: 'explain', id, answer: { explanation, suggestions } };
      }
      case 'policies': {
        const listed = [...cluster.snapshot.policies.values()].map((policy) => ({
          key: policy.key,
          yaml: toYaml(policyManifest(policy)),
        }));
        return { tell: 'policies', id, answer: listed.sort((a, b) => (a.key < b.key ? -1 : 1)) };
      }
      case 'edit':
        return { tell: 'edit', id, answer: readEdit(question.yaml, cluster, drawn) };
    }
  } catch (error) {
    return { tell: ask, id, answer: messageOf(error) };
  }
};

addEventListener('message', ({ data }: MessageEvent<Question>) => {
  if (data.ask === 'open') {
    void follow({
      token: data.token,
      onChange,
      onConnection: (state, alive) => tell({ tell: 'connection', state, alive }),
    });
    return;
  }
  tell(answer(data));
});
