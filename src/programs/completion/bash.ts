import type { CommandCompletions } from './tree.ts'

/** Script for bash 3.2 and newer. Without a suggestion of ours, bash completes names of files. */
export function bashCompletion(commands: readonly CommandCompletions[]): string {
  const paths = commands.map(({ path }) => path).filter((path) => path !== '')
  const values = commands.flatMap(({ path, options }) =>
    options
      .filter((option) => option.takesValue)
      .map(({ words, values: of }) => {
        const patterns = words.map((word) => `'${path} ${word}'`).join('|')
        return `    ${patterns}) words='${of.join(' ')}'; found=1 ;;`
      }),
  )
  return `# Completion of remit for bash. In ~/.bashrc: eval "$(remit completion bash)"
_remit() {
  local current=\${COMP_WORDS[COMP_CWORD]} previous=\${COMP_WORDS[COMP_CWORD-1]}
  local path='' words='' options='' found='' i
  COMPREPLY=()
  for ((i = 1; i < COMP_CWORD; i++)); do
    case "$path/\${COMP_WORDS[i]}" in
      ${paths.join('|')}) path="$path/\${COMP_WORDS[i]}" ;;
    esac
  done
  case "$path $previous" in
${values.join('\n')}
  esac
  if [[ -z $found ]]; then
    case $path in
${commands.map(suggestions).join('\n')}
    esac
    if [[ $current == -* ]]; then words=$options; fi
  fi
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -o default -F _remit remit
`
}

function suggestions({ path, words, options }: CommandCompletions): string {
  const names = words.map(({ word }) => word).join(' ')
  const flags = options.flatMap((option) => option.words).join(' ')
  return `      '${path}') words='${names}'; options='${flags}' ;;`
}
