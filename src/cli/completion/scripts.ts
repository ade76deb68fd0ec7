// SPDX-License-Identifier: Apache-2.0

// What makes a shell ask `argon __complete`. It answers with a word a line, or with `filesAnswer`
// where the shell completes the paths of files as it does everywhere.

export const shells = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof shells)[number];

export const filesAnswer = ':files';

const bash = `# Completion of argon for bash: source <(argon completion bash)
_argon() {
  local lines=()
  mapfile -t lines < <(
    "\${COMP_WORDS[0]}" __complete -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null
  )
  if [[ \${lines[0]-} == '${filesAnswer}' ]]; then
    compopt -o filenames 2>/dev/null || :
    mapfile -t COMPREPLY < <(compgen -f -- "\${COMP_WORDS[COMP_CWORD]}")
  else
    COMPREPLY=("\${lines[@]}")
  fi
}
complete -F _argon argon
`;

const zsh = `#compdef argon
# Completion of argon for zsh: source <(argon completion zsh), after compinit
_argon() {
  local -a lines
  lines=("\${(@f)$("\${words[1]}" __complete -- "\${(@)words[2,CURRENT]}" 2>/dev/null)}")
  if [[ $lines[1] == '${filesAnswer}' ]]; then
    _files
  else
    compadd -- "\${(@)lines:#}"
  fi
}
compdef _argon argon
`;

const fish = `# Completion of argon for fish: argon completion fish | source
function __argon_complete
    set -l words (commandline -opc)
    set -l current (commandline -ct)
    set -l lines ($words[1] __complete -- $words[2..-1] "$current" 2>/dev/null)
    if test "$lines[1]" = '${filesAnswer}'
        __fish_complete_path "$current"
    else
        printf '%s\\n' $lines
    end
end
complete -c argon -f -a '(__argon_complete)'
`;

/** The script for a shell, to be sourced by it. */
export function completionScript(shell: Shell): string {
  return { bash, zsh, fish }[shell];
}
