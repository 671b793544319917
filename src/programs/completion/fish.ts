import type { CommandCompletions, CompletionOption } from './tree.ts'

/** Script for fish. Where nothing is suggested, fish completes names of files. */
export function fishCompletion(commands: readonly CommandCompletions[]): string {
  const paths = commands.map(({ path }) => path).filter((path) => path !== '')
  return `# Completion of remit for fish. In ~/.config/fish/config.fish: remit completion fish | source
function __remit_at
  set -l place ''
  for word in (commandline -opc)[2..-1]
    contains -- "$place/$word" ${paths.join(' ')}; and set place "$place/$word"
  end
  test "$place" = "$argv[1]"
end
complete -c remit -e
${commands.flatMap(linesOf).join('\n')}
`
}

function linesOf({ path, words, options }: CommandCompletions): readonly string[] {
  const start = `complete -c remit -n "__remit_at '${path}'"`
  return [
    ...words.map(({ word, description }) => `${start} -f -a ${word}${said(description)}`),
    ...options.map((option) => `${start}${flagsOf(option)}${said(option.description)}`),
  ]
}

function flagsOf({ words, takesValue, values }: CompletionOption): string {
  const forms = words.map((word) =>
    word.startsWith('--') ? ` -l ${word.slice(2)}` : ` -s ${word.slice(1)}`,
  )
  const value = values.length ? ` -x -a ${fishQuoted(values.join(' '))}` : takesValue ? ' -r' : ''
  return `${forms.join('')}${value}`
}

function said(description: string): string {
  return description ? ` -d ${fishQuoted(description)}` : ''
}

function fishQuoted(text: string): string {
  return `'${text.replaceAll(/[\\']/g, '\\$&')}'`
}
