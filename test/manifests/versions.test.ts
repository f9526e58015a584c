import path from 'node:path';
import { expect, test } from '@jest/globals';
import { parse } from 'yaml';
import packageJson from '../../package.json' with { type: 'json' };
import { PATHS, ROOT } from '../../scripts/manifests/paths.ts';
import { readText } from './objects.ts';

const { version } = packageJson;

test('chart, manifests and image have the version of the package', () => {
  expect(parse(readText(PATHS.chart, 'Chart.yaml'))).toMatchObject({ version, appVersion: version });
  const podMonitor = path.join(PATHS.components, 'pod-monitor/pod-monitor.yaml');
  for (const file of [PATHS.rendered, PATHS.cleanup, podMonitor]) {
    const text = readText(file);
    expect(text).toContain(`app.kubernetes.io/version: ${version}\n`);
  }
  for (const file of [PATHS.rendered, PATHS.cleanup]) {
    const images = [...readText(file).matchAll(/image: (\S+)/g)].map(([, image]) => image);
    expect(new Set(images)).toEqual(new Set([`portcullis:${version}`]));
  }
  expect(readText(ROOT, 'Dockerfile')).toContain(`ARG VERSION=${version}\n`);
});

test('the image has the Node of the lock file', () => {
  expect(readText(ROOT, 'Dockerfile')).toContain(
    `ARG NODE_IMAGE=node:${packageJson.dependencies.node}-bookworm-slim\n`,
  );
});

test('.dockerignore admits what the Dockerfile copies, and nothing else', () => {
  const lines = readText(ROOT, '.dockerignore').split('\n');
  const allowed = lines.filter((line) => line.startsWith('!')).map((line) => line.slice(1));
  const copied = [...readText(ROOT, 'Dockerfile').matchAll(/^COPY (?!--from)(.+) \S+$/gm)].flatMap(([, sources = '']) =>
    sources.split(' '),
  );
  expect(lines).toContain('*');
  expect(new Set(copied.map((source) => path.normalize(source)))).toEqual(new Set(allowed));
});
