import type { RecordsStatus } from '../../records/flow-request.ts';

/** Returns remarks about records that are incomplete. */
export const caveats = ({ group, resolution, forgotten, lost, notKept, since }: RecordsStatus): readonly string[] => [
  ...(group === undefined ? ['the kernel reports no refused packets at the moment'] : []),
  ...(notKept === undefined ? [] : [`records begin at ${since}: ${notKept}`]),
  ...(resolution === '5 minutes' ? [] : [`there are many edges: the resolution is ${resolution}`]),
  ...(forgotten === 0 ? [] : [`${forgotten} records were given up for room`]),
  ...(lost === 0 ? [] : [`${lost} reports of the kernel were lost`]),
];
