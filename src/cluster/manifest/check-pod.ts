import { PROTOCOLS } from '../../model/protocol.ts';
import { canonicalAddress } from '../address.ts';
import { checkBoolean, checkInteger, checkList, checkObject, checkText, type Report } from './check.ts';
import type { FieldPath } from '../../model/field-path.ts';
import { dnsSubdomain, labelKey, labelValue, portName } from './syntax.ts';

export const checkLabels = (value: unknown, field: FieldPath, report: Report): void => {
  for (const [key, text] of Object.entries(checkObject(value, field, report))) {
    const path = [...field, key];
    const message = labelKey(key);
    if (message !== undefined) report(path, message);
    checkText(text ?? '', path, report, labelValue);
  }
};

export const checkProtocol = (value: unknown, field: FieldPath, report: Report): void => {
  const protocol = checkText(value, field, report);
  if (protocol !== undefined && !PROTOCOLS.some((known) => known === protocol)) {
    report(field, `${JSON.stringify(protocol)} is not one of ${PROTOCOLS.join(', ')}`);
  }
};

const checkContainers = (value: unknown, field: FieldPath, report: Report): void => {
  for (const [index, entry] of checkList(value, field, report).entries()) {
    const path = [...field, index];
    const container = checkObject(entry, path, report);
    for (const [at, declared] of checkList(container['ports'], [...path, 'ports'], report).entries()) {
      const portPath = [...path, 'ports', at];
      const port = checkObject(declared, portPath, report);
      checkInteger(port['containerPort'], [1, 65_535], [...portPath, 'containerPort'], report);
      checkProtocol(port['protocol'], [...portPath, 'protocol'], report);
      if (port['name'] !== '') checkText(port['name'], [...portPath, 'name'], report, portName);
    }
  }
};

/** Checks the fields of a PodSpec that policy depends on. */
export const checkPodSpec = (value: unknown, field: FieldPath, report: Report): void => {
  const spec = checkObject(value, field, report);
  checkContainers(spec['containers'], [...field, 'containers'], report);
  checkContainers(spec['initContainers'], [...field, 'initContainers'], report);
  checkBoolean(spec['hostNetwork'], [...field, 'hostNetwork'], report);
  if (spec['nodeName'] !== '') checkText(spec['nodeName'], [...field, 'nodeName'], report, dnsSubdomain);
};

const isAddress = (text: string): string | undefined =>
  text === '' || canonicalAddress(text) !== undefined ? undefined : `${JSON.stringify(text)} is not an IP address`;

/** Checks the fields of a PodStatus that policy depends on. */
export const checkPodStatus = (value: unknown, field: FieldPath, report: Report): void => {
  const status = checkObject(value, field, report);
  checkText(status['phase'], [...field, 'phase'], report);
  for (const single of ['podIP', 'hostIP']) checkText(status[single], [...field, single], report, isAddress);
  for (const list of ['podIPs', 'hostIPs']) {
    for (const [index, entry] of checkList(status[list], [...field, list], report).entries()) {
      const path = [...field, list, index];
      checkText(checkObject(entry, path, report)['ip'], [...path, 'ip'], report, isAddress);
    }
  }
};
