import type { Report } from '../../src/page/questions.ts';
import { plural } from '../words.ts';

interface NoticesProps {
  readonly report: Extract<Report, { tell: 'picture' }>;
  readonly isStale: boolean;
}

const MOST = 20;
/** Up to this many are shown without a click: what is missing has to be known before the map can be trusted. */
const FEW = 3;

const sum = (counts: Readonly<Record<string, number | undefined>>): number =>
  Object.values(counts).reduce<number>((total, count) => total + (count ?? 0), 0);

/** What a person has to know before the map can be trusted: what is missing, what is wrong, what to do first. */
export const Notices = ({ report: { meta, picture, problems, misread }, isStale }: NoticesProps) => {
  const isolated = picture.nodes.some(({ ingress, egress }) => ingress !== undefined || egress !== undefined);
  const left = sum(meta.leftOut) + sum(picture.leftOut);
  const all = [
    ...picture.faults.map((fault) => `A policy allows nothing, since it cannot be read: ${fault}`),
    ...problems,
  ];
  return (
    <div class="notices">
      {isStale && (
        <p role="alert">
          The server does not answer. What you see is the last state; the page goes on by itself when it answers again.
        </p>
      )}
      {picture.pods === 0 && (
        <p>
          {meta.mode === 'cluster'
            ? 'The page knows no pods of this cluster: it needs the right to list and watch pods, namespaces and networkpolicies.'
            : 'There are no pods: give the page manifests of pods, or of the workloads that make them.'}
        </p>
      )}
      {picture.pods > 0 && !isolated && (
        <p>
          No policy isolates anything: everything is open. Begin with a policy that selects the most valuable workload,
          in “Policies”.
        </p>
      )}
      {left > 0 && (
        <p>{plural(left, 'thing')} left out, since the map would hold more than a browser shows: choose namespaces.</p>
      )}
      {picture.hostPods > 0 && (
        <p>
          {plural(picture.hostPods, 'pod')} on the host network: policies do not apply to them, and they are not on the
          map.
        </p>
      )}
      {misread > 0 && <p role="alert">{plural(misread, 'fact')} of the server made no sense: not shown.</p>}
      {all.length > 0 && (
        <details open={all.length <= FEW}>
          <summary>{plural(all.length, 'problem')}</summary>
          <ul>
            {all.slice(0, MOST).map((text) => (
              <li key={text}>{text}</li>
            ))}
            {all.length > MOST && <li>and {all.length - MOST} more</li>}
          </ul>
        </details>
      )}
    </div>
  );
};
