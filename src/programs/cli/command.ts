import { Command, type Help } from 'commander'
import { nearest } from '../../platform/lib/closest-match.ts'
import { aligned, indented } from '../../platform/lib/terminal/table.ts'
import { bold, cyan, dim, type Text, text, type Value } from '../../platform/lib/terminal/text.ts'
import type { Cli } from './cli.ts'

/** Begins a command: its server, its way of speaking. */
export type Start = (invoked: Command) => Promise<Cli>

const EXAMPLES = new WeakMap<Command, readonly string[]>()

/** Commander's own names one command that was perhaps meant; a person who guesses is helped more by all of them. */
class NamedCommand extends Command {
  /** Called by commander for a first word that is none of its commands. */
  unknownCommand(): void {
    const [wrong = ''] = this.args
    const names = this.commands.map((each) => each.name())
    const path = commandPath(this)
    const meant = nearest(wrong, names)
    const lines = [
      `there is no command \`${wrong}\`${path === 'remit' ? '' : ` of \`${path}\``}`,
      ...(meant === undefined ? [] : [`  ${meant}`]),
      `  there are: ${names.join(', ')}`,
    ]
    this.error(lines.join('\n'), { code: 'commander.unknownCommand' })
  }

  /** A thumbprint may begin with `-`, one in 64 does: that is no option. Called by commander, for each command of a line. */
  override parseOptions(args: string[]): ReturnType<Command['parseOptions']> {
    const takesValue = (arg: string | undefined) =>
      this.options.some(({ long, required, short }) => required && (arg === long || arg === short))
    const { operands, unknown } = super.parseOptions(
      args.map((arg, i) =>
        DASHED_THUMBPRINT.test(arg) && !takesValue(args[i - 1]) ? `${NO_OPTION}${arg}` : arg,
      ),
    )
    const asGiven = (arg: string) => (arg.startsWith(NO_OPTION) ? arg.slice(NO_OPTION.length) : arg)
    return { operands: operands.map(asGiven), unknown: unknown.map(asGiven) }
  }
}

/** SHA-256 in base64url (RFC 7638). */
const DASHED_THUMBPRINT = /^-[\w-]{42}$/
/** Mark before an argument that commander would take for an option. */
const NO_OPTION = '\0'

/** `remit spaces threads` */
function commandPath(of: Command): string {
  return of.parent ? `${commandPath(of.parent)} ${of.name()}` : of.name()
}

/** A command with its sentence and its examples, which help shows first. */
export function command(name: string, says: string, examples: readonly string[] = []): Command {
  const made = new NamedCommand(name).description(says).helpCommand(false)
  EXAMPLES.set(made, examples)
  return made
}

/** Examples of a command, as its help shows them. */
export function examplesOf(of: Command): readonly string[] {
  return EXAMPLES.get(of) ?? []
}

/**
 * Help for a command: what it is for, how it looks when used, and only then the grammar. Given to
 * commander as `formatHelp`.
 */
export function helpText(
  of: Command,
  help: Help,
  look: { width: number; colour: boolean },
): string {
  const { colour, width } = look
  const room = width - 2
  const section = (title: string, lines: readonly Text[]): readonly Value[] =>
    lines.length === 0 ? [] : ['', bold(title), ...indented(lines)]
  const rows = (items: readonly (readonly [string, string])[]): Text[] =>
    aligned(
      items.map(([name, says]) => [cyan(name), text`${says}`]),
      room,
    )
  const lines: readonly Value[] = [
    ...text`${of.description()}`.wrapped(width),
    ...section(
      'Examples',
      examplesOf(of).map((line) => exampleLine(line)),
    ),
    ...section('Usage', [text`${help.commandUsage(of)}`]),
    ...groupsOf(of, help).flatMap(([title, subs]) =>
      section(title, rows(subs.map((sub) => term(help, of, sub)))),
    ),
    ...section(
      'Arguments',
      rows(
        help
          .visibleArguments(of)
          .map((each) => [help.argumentTerm(each), help.argumentDescription(each)]),
      ),
    ),
    ...section('Options', rows(options(help, help.visibleOptions(of)))),
    ...section('Everywhere', rows(globalOptions(of, help))),
  ]
  return `${lines.map((line) => text`${line}`.render(colour)).join('\n')}\n`
}

/** Commands in the groups that the program has for them. */
function groupsOf(of: Command, help: Help): readonly (readonly [string, readonly Command[]])[] {
  const groups = Map.groupBy(help.visibleCommands(of), (sub) => sub.helpGroup() || 'Commands')
  return [...groups]
}

/** The program names its commands; a group says what each of its commands takes. */
function term(help: Help, of: Command, sub: Command): readonly [string, string] {
  const name = of.parent ? help.subcommandTerm(sub).replace(' [options]', '') : sub.name()
  return [name, help.subcommandDescription(sub)]
}

/** Options that every command takes and that are worth repeating. */
function globalOptions(of: Command, help: Help): readonly (readonly [string, string])[] {
  return options(help, of.parent ? help.visibleGlobalOptions(of) : []).filter(
    ([name]) => name !== '--version',
  )
}

function options(
  help: Help,
  list: ReturnType<Help['visibleOptions']>,
): readonly (readonly [string, string])[] {
  return list.map((option) => [help.optionTerm(option), help.optionDescription(option)])
}

/** `remit … # what it does`, the remark dimmed. */
function exampleLine(line: string): Text {
  const at = line.indexOf('  # ')
  return at < 0 ? text`${line}` : text`${line.slice(0, at)}${dim(line.slice(at))}`
}
