import type { CommandRunner } from '../../../src/kernel/command.ts';
import type { Programs } from '../programs.ts';
import type { ImageSpec } from './archive.ts';
import { hostProgram } from './host-program.ts';
import { AGNHOST_IMAGE, BUSYBOX_IMAGE, COREDNS_IMAGE, PAUSE_IMAGE, PROMETHEUS_IMAGE } from './names.ts';

const NONE: ReadonlyMap<string, string> = new Map();

const BUSYBOX = '/bin/busybox';

const USERS = new Map([
  ['/etc/passwd', 'root:x:0:0:root:/:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/sh\n'],
  ['/etc/group', 'root:x:0:\nnobody:x:65534:\n'],
  // Without it the C library asks DNS before /etc/hosts.
  ['/etc/nsswitch.conf', 'hosts: files dns\n'],
]);

/** Returns an image with one static program. */
const programImage = (image: string, name: string, programs: Programs): ImageSpec => ({
  names: [image],
  entrypoint: [`/${name}`],
  command: [],
  files: new Map([[`/${name}`, programs.path(name)]]),
  links: NONE,
  texts: USERS,
});

/** Returns a statically linked busybox with a link for each of its applets. */
const busyboxParts = async (runner: CommandRunner): Promise<Pick<ImageSpec, 'files' | 'links'>> => {
  const applets = (await runner.run('busybox', ['--list'])).trim().split('\n');
  return {
    files: new Map([[BUSYBOX, BUSYBOX]]),
    links: new Map(applets.filter((name) => name !== 'busybox').map((name) => [`/bin/${name}`, BUSYBOX])),
  };
};

const busyboxImage = async (runner: CommandRunner): Promise<ImageSpec> => ({
  ...(await busyboxParts(runner)),
  names: [BUSYBOX_IMAGE],
  entrypoint: [],
  command: ['sh'],
  texts: USERS,
});

/** Returns Kubernetes' own program for tests; like the published image it has a shell and curl. */
const agnhostImage = async (runner: CommandRunner, programs: Programs): Promise<ImageSpec> => {
  const busybox = await busyboxParts(runner);
  const curl = await hostProgram(runner, '/usr/bin/curl');
  return {
    names: [AGNHOST_IMAGE],
    entrypoint: ['/agnhost'],
    command: ['pause'],
    files: new Map([['/agnhost', programs.path('agnhost')], ...busybox.files, ...curl]),
    links: busybox.links,
    texts: USERS,
  };
};

/** Returns an image of this machine's Prometheus. */
export const prometheusImage = async (runner: CommandRunner): Promise<ImageSpec> => {
  const program = '/usr/bin/prometheus';
  return {
    names: [PROMETHEUS_IMAGE],
    entrypoint: [program],
    command: [],
    files: await hostProgram(runner, program),
    links: NONE,
    texts: USERS,
  };
};

/** Returns all images that a cluster of ours starts with, by the name of their archive. */
export const imageCatalog = async (
  runner: CommandRunner,
  programs: Programs,
): Promise<ReadonlyMap<string, ImageSpec>> =>
  new Map([
    ['pause.tar', programImage(PAUSE_IMAGE, 'pause', programs)],
    ['coredns.tar', programImage(COREDNS_IMAGE, 'coredns', programs)],
    ['busybox.tar', await busyboxImage(runner)],
    ['agnhost.tar', await agnhostImage(runner, programs)],
  ]);
