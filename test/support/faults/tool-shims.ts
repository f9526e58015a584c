import { chmod, mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { removeFolder } from '../clean-up.ts';

/** The programs that change or read a packet filter; ipset and iptables-nft-restore, which reads too, by their task. */
export const SHIMMED_TOOLS = [
  'iptables-nft-restore',
  'ip6tables-nft-restore',
  'iptables-legacy-restore',
  'ip6tables-legacy-restore',
  'iptables-nft-save',
  'ip6tables-nft-save',
  'iptables-legacy-save',
  'ip6tables-legacy-save',
  'ipset-restore',
  'ipset-save',
  'conntrack',
] as const;

export type ShimmedTool = (typeof SHIMMED_TOOLS)[number];

/** What happens to one call of a tool. `after`: the number of input lines that are applied first, or all of them. */
export type ToolFault =
  /** No fault: counts as a call, so that a later one gets the fault. */
  | { readonly kind: 'pass' }
  /** Fails with this message on standard error and the exit code (1 if absent). */
  | { readonly kind: 'refuse'; readonly message: string; readonly code?: number; readonly after?: number | 'all' }
  /** The same, only where the tool's input has this text; any other input is carried out. */
  | { readonly kind: 'refuse input'; readonly message: string; readonly text: string }
  /** Neither reads nor prints anything, and does not end. */
  | { readonly kind: 'hang' }
  | { readonly kind: 'delay'; readonly ms: number }
  /** Is killed by SIGKILL. */
  | { readonly kind: 'killed'; readonly after: number | 'all' }
  /** Kills its caller (an agent: only for calls from a process of its own) by SIGKILL, and then itself. */
  | { readonly kind: 'kill caller'; readonly after: number | 'all' };

/** Wrappers of the kernel's tools that fail, hang and die on demand, and otherwise run the real tools. */
export interface ToolShims {
  /** The PATH that finds the wrappers first, for the environment of an agent. */
  readonly path: string;
  /** The same as the prefix of a CommandRunner. */
  readonly prefix: readonly string[];
  /**
   * Makes the tool's next `times` calls fail, after those injected before; without `times` all calls until `heal`. An agent's
   * restore programs, which would bypass the wrapper, are ended and cannot start until then.
   */
  inject(tool: ShimmedTool | 'any', fault: ToolFault, times?: number): Promise<void>;
  /** Ends all faults. Calls under way keep theirs. */
  heal(): Promise<void>;
  /** Whether ipset(8) knows the revisions of all sets that there are: if not, each listing of them fails, also after `heal`. */
  knowRevisions(all: boolean): Promise<void>;
  /** Every call so far: tool and arguments. */
  calls(): Promise<readonly string[]>;
  close(): Promise<void>;
}

/**
 * A call gets one fault: the first of those for any tool, else the first of its own; `always` comes after numbers. A
 * standing program is recognized by stdbuf(1), with which it is started.
 */
const SHIM = `#!/bin/sh
tool=\${0##*/}
bin=\${0%/*}
state=\${bin%/*}/state
PATH=\${PATH#"$bin":}
key=$tool
if [ "$tool" = ipset ]; then
  case " $* " in *' restore '*) key=ipset-restore ;; *) key=ipset-save ;; esac
fi
if [ -e "$state/unknown-revision" ]; then
  case "$tool $*" in 'ipset '*save* | 'ipset '*list*)
    echo 'ipset: Kernel and userspace incompatible: settype hash:ip with revision 99 not supported by userspace.' >&2
    exit 1 ;;
  esac
fi
case "$tool $*" in *-nft-restore' --noflush --verbose') key=\${tool%-restore}-save ;; esac
if [ -n "\${_STDBUF_O-}" ]; then
  [ ! -e "$state/none-stays" ] || exit 1
  : > "$state/staying/$$"
  exec "$tool" "$@"
fi
echo "$key $*" >> "$state/calls"
for fault in "$state"/any/* "$state/$key"/*; do
  case $fault in
    */always) . "$fault"; break ;;
    *) if mv "$fault" "$state/taken.$$" 2> /dev/null; then . "$state/taken.$$"; break; fi ;;
  esac
done
exec "$tool" "$@"
`;

const carryOut = (after: number | 'all'): string => {
  if (after === 'all') return '"$tool" "$@"';
  // Reads the rest of the input all the same: the caller must not notice a broken pipe first.
  return after === 0 ? 'cat > /dev/null' : `{ head -n ${after} | "$tool" "$@"; cat > /dev/null; }`;
};

const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;

const snippetOf = (fault: ToolFault): string => {
  switch (fault.kind) {
    case 'pass':
      return ':';
    case 'refuse':
      return `${carryOut(fault.after ?? 0)}; printf '%s\\n' ${quoted(fault.message)} >&2; exit ${fault.code ?? 1}`;
    case 'refuse input':
      return [
        'text=$(cat)',
        `case $text in *${quoted(fault.text)}*) printf '%s\\n' ${quoted(fault.message)} >&2; exit 1 ;; esac`,
        `printf '%s\\n' "$text" | "$tool" "$@"`,
        'exit',
      ].join('\n');
    case 'hang':
      return 'exec sleep 1000000';
    case 'delay':
      return `sleep ${fault.ms / 1000}`;
    // It would not have lived to report an input that ends early.
    case 'killed':
      return `${carryOut(fault.after)} 2> /dev/null; kill -KILL $$`;
    case 'kill caller':
      return `${carryOut(fault.after)} 2> /dev/null; kill -KILL $PPID; kill -KILL $$`;
  }
};

const endProcess = (pid: number): void => {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended by itself, with its agent.
  }
};

export const createToolShims = async (): Promise<ToolShims> => {
  const folder = await mkdtemp(path.join(tmpdir(), 'portcullis-shims-'));
  const bin = path.join(folder, 'bin');
  const state = path.join(folder, 'state');
  const kinds = [...SHIMMED_TOOLS, 'any'];
  let last = 0;

  const clear = async (): Promise<void> => {
    for (const kind of kinds) {
      await rm(path.join(state, kind), { recursive: true, force: true });
      await mkdir(path.join(state, kind), { recursive: true });
    }
  };

  const staying = path.join(state, 'staying');
  const noneStays = path.join(state, 'none-stays');
  const unknownRevision = path.join(state, 'unknown-revision');

  const endStaying = async (): Promise<void> => {
    await writeFile(noneStays, '');
    for (const pid of await readdir(staying)) {
      await rm(path.join(staying, pid));
      endProcess(Number(pid));
    }
  };

  await mkdir(bin);
  await mkdir(staying, { recursive: true });
  await clear();
  await writeFile(path.join(state, 'calls'), '');
  for (const program of new Set(SHIMMED_TOOLS.map((tool) => tool.replace(/^ipset-.*/, 'ipset')))) {
    await writeFile(path.join(bin, program), SHIM);
    await chmod(path.join(bin, program), 0o755);
  }
  const found = `${bin}:${process.env['PATH'] ?? ''}`;
  return {
    path: found,
    prefix: ['env', `PATH=${found}`],
    async inject(tool, fault, times) {
      await endStaying();
      for (let left = times ?? 1; left > 0; left -= 1) {
        last += 1;
        const name = times === undefined ? 'always' : String(last).padStart(6, '0');
        const draft = path.join(state, `draft.${last}`);
        await writeFile(draft, `${snippetOf(fault)}\n`);
        await rename(draft, path.join(state, tool, name));
      }
    },
    async heal() {
      await clear();
      await rm(noneStays, { force: true });
    },
    async knowRevisions(all) {
      if (all) await rm(unknownRevision, { force: true });
      else await writeFile(unknownRevision, '');
    },
    async calls() {
      return (await readFile(path.join(state, 'calls'), 'utf8')).split('\n').filter((line) => line !== '');
    },
    close: () => removeFolder(folder),
  };
};
