import type { CommandCompletions, CompletionWord } from './tree.ts'

/** Script for zsh. Without a suggestion of ours, zsh completes names of files. */
export function zshCompletion(commands: readonly CommandCompletions[]): string {
  const paths = commands.map(({ path }) => path).filter((path) => path !== '')
  const values = commands.flatMap(({ path, options }) =>
    options
      .filter((option) => option.takesValue)
      .map(({ words, values: of }) => {
        const patterns = words.map((word) => `'${path} ${word}'`).join('|')
        const act = of.length ? `compadd -- ${of.map(zshQuoted).join(' ')}` : '_files'
        return `    ${patterns}) ${act}; return ;;`
      }),
  )
  return `#compdef remit
# Completion of remit for zsh. In ~/.zshrc, after compinit: eval "$(remit completion zsh)"
_remit() {
  local line_path='' word
  local -a suggested flags
  for word in "\${(@)words[2,CURRENT-1]}"; do
    case "$line_path/$word" in
      ${paths.join('|')}) line_path="$line_path/$word" ;;
    esac
  done
  case "$line_path \${words[CURRENT-1]}" in
${values.join('\n')}
  esac
  case "$line_path" in
${commands.map(suggestions).join('\n')}
  esac
  if [[ $PREFIX == -* ]]; then
    _describe -o option flags
  elif (( $#suggested )); then
    _describe command suggested
  else
    _files
  fi
}
compdef _remit remit
`
}

function suggestions({ path, words, options }: CommandCompletions): string {
  const flags = options.flatMap(({ words: forms, description }) =>
    forms.map((word) => ({ word, description })),
  )
  return `    '${path}')\n      suggested=(${words.map(described).join(' ')})\n      flags=(${flags.map(described).join(' ')}) ;;`
}

/** `word:description`; a colon in either is written with a backslash. */
function described({ word, description }: CompletionWord): string {
  return zshQuoted([word, description].map((part) => part.replaceAll(/[\\:]/g, '\\$&')).join(':'))
}

function zshQuoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`
}
