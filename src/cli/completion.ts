import { Argument } from 'commander';
import type { Verb } from './verb.ts';

const SHELLS = ['bash', 'zsh', 'fish'] as const;

/** Scripts that ask the program itself what can follow: `portcullis __complete WORD…`. */
const SCRIPTS: Readonly<Record<(typeof SHELLS)[number], string>> = {
  bash: `_portcullis() {
  local IFS=$'\\n' answer
  answer=($(portcullis __complete "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)) || return
  local directive=\${answer[-1]}
  unset 'answer[-1]'
  COMPREPLY=("\${answer[@]%%$'\\t'*}")
  [ "$directive" != ':0' ] || COMPREPLY+=($(compgen -f -- "\${COMP_WORDS[COMP_CWORD]}"))
}
complete -o nospace -F _portcullis portcullis
`,
  zsh: `#compdef portcullis
_portcullis() {
  local -a answer found
  answer=("\${(@f)$(portcullis __complete "\${(@)words[2,CURRENT]}" 2>/dev/null)}")
  local directive=\${answer[-1]}
  found=("\${(@)\${(@)answer[1,-2]}/$'\\t'/:}")
  [ \${#found} -eq 0 ] || _describe portcullis found
  [ "$directive" != ':0' ] || _files
}
compdef _portcullis portcullis
`,
  fish: `function __portcullis_complete
  set -l words (commandline -opc) (commandline -ct)
  portcullis __complete $words[2..-1] 2>/dev/null | string match -v -r '^:'
end
complete -c portcullis -a '(__portcullis_complete)'
`,
};

export const completionVerb: Verb = {
  declare(command) {
    command.addArgument(new Argument('<shell>', 'the shell').choices(SHELLS)).addHelpText(
      'after',
      `
Prints a script that completes verbs and options. For kubectl no script is
needed: it asks kubectl_complete-portcullis, which has to be on the PATH.

Examples:
  source <(portcullis completion bash)
  portcullis completion fish > ~/.config/fish/completions/portcullis.fish`,
    );
  },
  run(command, io) {
    const shell = SHELLS.find((known) => known === command.args[0]);
    if (shell !== undefined) io.out(SCRIPTS[shell]);
    return Promise.resolve(0);
  },
};
