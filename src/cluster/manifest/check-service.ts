import type { RawObject } from '../raw.ts';
import { checkInteger, checkList, checkObject, checkText, type Report } from './check.ts';
import { checkLabels, checkProtocol } from './check-pod.ts';

/** Checks the fields of a Service that the playground depends on. */
export const checkService = (raw: RawObject, report: Report): void => {
  const spec = checkObject(raw['spec'], ['spec'], report);
  checkLabels(spec['selector'], ['spec', 'selector'], report);
  checkText(spec['clusterIP'], ['spec', 'clusterIP'], report);
  for (const [index, declared] of checkList(spec['ports'], ['spec', 'ports'], report).entries()) {
    const path = ['spec', 'ports', index];
    const port = checkObject(declared, path, report);
    checkInteger(port['port'], [1, 65_535], [...path, 'port'], report);
    checkProtocol(port['protocol'], [...path, 'protocol'], report);
    const target = port['targetPort'];
    if (typeof target === 'number') checkInteger(target, [1, 65_535], [...path, 'targetPort'], report);
    else checkText(target, [...path, 'targetPort'], report);
  }
};
