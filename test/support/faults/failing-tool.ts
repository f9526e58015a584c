/** Stand-ins for the node's tools, as shell scripts, that fail on request and run the real tool otherwise. */

/** Standing programs, which stdbuf(1) starts, fail at once: the script could not make them fail later. */
const HEAD = `#!/bin/sh
tool=\${0##*/}
bin=\${0%/*}
PATH=\${PATH#"$bin":}
[ -z "\${_STDBUF_O-}" ] || exit 1
`;

/**
 * A tool that fails with exit code 3.
 * @param args a pattern of the shell for its arguments, with a blank before and behind, such as `'*'`
 * @param input it fails only where what it is given to read has that
 */
export const failing = (message: string, args: string, input?: string): string => `${HEAD}
fail() { echo '${message}' >&2; exit 3; }
case " $* " in ${args}) ;; *) exec "$tool" "$@" ;; esac
${
  input === undefined
    ? 'fail'
    : `text=$(cat)
case $text in *'${input}'*) fail ;; esac
printf '%s\\n' "$text" | "$tool" "$@"`
}
`;

/** A tool that reports a missing kernel feature whenever its restore input contains one of the inputs. */
export const lacking = (message: string, ...inputs: readonly string[]): string => `${HEAD}
case " $0 $* " in *restore*) ;; *) exec "$tool" "$@" ;; esac
text=$(cat)
for input in ${inputs.map((input) => `'${input}'`).join(' ')}; do
  case $text in *"$input"*) echo "${message}" >&2; exit 2 ;; esac
done
printf '%s\\n' "$text" | "$tool" "$@"
`;

/** What iptables says where the kernel has no such table. */
export const NO_TABLE = 'can t initialize the table: Table does not exist (do you need to insmod?)';

/** What iptables-nft says where the kernel has no nft_compat, or not the match. */
export const NO_EXTENSION = 'Warning: Extension set revision 0 not supported, missing kernel module?';

/** Every program of iptables, as on a kernel without its tables. */
export const NO_IPTABLES: Readonly<Record<string, string>> = Object.fromEntries(
  ['iptables', 'ip6tables'].flatMap((tool) =>
    ['nft-save', 'nft-restore', 'legacy-save', 'legacy-restore'].map((program) => [
      `${tool}-${program}`,
      `#!/bin/sh\necho "can't initialize: Table does not exist (do you need to insmod?)" >&2\nexit 3\n`,
    ]),
  ),
);
