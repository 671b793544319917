import type { Command, Option } from 'commander'

/** Something that can be typed, and what it means. */
export interface CompletionWord {
  readonly word: string
  readonly description: string
}

export interface CompletionOption {
  /** All its forms, such as `-d` and `--data`. */
  readonly words: readonly string[]
  readonly description: string
  readonly takesValue: boolean
  /** Values to choose from; empty: any. */
  readonly values: readonly string[]
}

/** Words that can follow one command. */
export interface CommandCompletions {
  /** Names of the commands that lead here, each after a slash: `/agents/add`. The program: the empty string. */
  readonly path: string
  /** Commands below it, or values of its first argument. */
  readonly words: readonly CompletionWord[]
  readonly options: readonly CompletionOption[]
}

/** Lists a program and all its commands. */
export function completionsOf(program: Command): readonly CommandCompletions[] {
  const everywhere = program.options.filter(({ hidden }) => !hidden)
  return below(program, '', everywhere.map(asOption))
}

function below(
  command: Command,
  path: string,
  everywhere: readonly CompletionOption[],
): readonly CommandCompletions[] {
  const subs = command.createHelp().visibleCommands(command)
  const own = command.parent ? command.options.filter(({ hidden }) => !hidden).map(asOption) : []
  const choices = command.registeredArguments[0]?.argChoices ?? []
  const words = [
    ...subs.map((sub) => ({ word: sub.name(), description: firstLine(sub.description()) })),
    ...choices.map((word) => ({ word, description: '' })),
  ]
  return [
    { path, words, options: [...own, ...everywhere, HELP] },
    ...subs
      .filter((sub) => sub.name() !== 'help')
      .flatMap((sub) => below(sub, `${path}/${sub.name()}`, everywhere)),
  ]
}

const HELP: CompletionOption = {
  words: ['--help'],
  description: 'what a command does, with examples',
  takesValue: false,
  values: [],
}

function asOption(option: Option): CompletionOption {
  return {
    words: [option.short, option.long].filter((word) => word !== undefined),
    description: firstLine(option.description),
    takesValue: option.required || option.optional,
    values: option.argChoices ?? [],
  }
}

function firstLine(text: string): string {
  return text.split('\n')[0] ?? ''
}
