import { Argument, type Command, InvalidArgumentError, Option } from 'commander'
import type { AnyCommand, OperationDescription } from '../../../console/operation-kit/operation.ts'
import {
  type CommandInput,
  inputNames,
  type ReaderContext,
  type Source,
  UnreadableInput,
} from '../../../console/operation-kit/source.ts'
import { Text } from '../../../platform/lib/terminal/text.ts'
import { visibleLines } from '../../../platform/lib/terminal/visible.ts'
import type { Cli } from '../cli.ts'
import { command, type Start } from '../command.ts'
import { CommandExit, CommandFailure } from '../failure.ts'
import { readingOf } from './reading.ts'

type Sources = Readonly<Record<string, Source<unknown>>>
type Part = Source<unknown> | Sources | undefined
type Readers = ReadonlyMap<CommandInput, () => string | string[] | boolean | undefined>

/** Makes the command of one operation from its description. */
export function operationCommand(
  start: Start,
  verb: string,
  operation: OperationDescription,
  shown: AnyCommand & { readonly examples: readonly string[] },
): Command {
  const made = command(verb, shown.says ?? operation.says, shown.examples)
  const { body, params, query } = shown.takes ?? {}
  const also = shown.also?.flatMap(({ inputs }) => inputs) ?? []
  const inputs = [...new Set([...[params, query, body].flatMap(inputsOf), ...also])]
  const readers = new Map(inputs.map((input) => [input, addInput(made, input)]))
  const typed = (term: string) =>
    String(readers.get(inputs.find((input) => input.term === term) ?? missing(term))?.() ?? '')
  const sure = shown.asks && addInput(made, { term: '--yes', says: 'do not ask' })
  return made.action(async () => {
    const cli = await start(made)
    const { madeKey, reading } = readingOf(cli, shown.examples)
    const given = {
      params: await readPart(params, readers, reading),
      query: await readPart(query, readers, reading),
      body: await readPart(body, readers, reading),
    }
    if (shown.some && Object.values(given.body ?? {}).every((each) => each === undefined))
      throw reading.usage(`Say ${inputNames(inputsOf(body))}`)
    if (shown.asks && !sure?.() && !(await cli.confirmsOnPage()))
      await confirm(cli, ...shown.asks(given))
    const [method = '', path = ''] = operation.route.split(' ')
    const answer = await cli.api.perform(method, path, given).catch(async (error: unknown) => {
      await madeKey()?.undo()
      if (error instanceof CommandFailure && !cli.json)
        cli.say(...(shown.refused?.(error.members) ?? []))
      throw error
    })
    const done = { answer, ...given, typed, keyFile: madeKey()?.path, url: cli.url }
    const said = shown.said?.(done) ?? []
    cli.say(...(said instanceof Text ? [said] : said))
    if (cli.json) cli.answer(shown.json ? shown.json(done) : answer, () => [])
    else {
      if (shown.content) writeContent(cli, shown.content(answer, done))
      cli.print(...((await shown.prints?.(answer, done)) ?? []))
    }
    const exit = shown.ends?.(answer) ?? 0
    if (exit !== 0) throw new CommandExit(exit)
  })
}

async function confirm({ world }: Cli, question: string, undone: string): Promise<void> {
  if (await world.askYes(question)) return
  throw new CommandFailure(undone, {
    detail: 'it was not confirmed; use `--yes` to skip the question',
  })
}

function writeContent({ world: { output } }: Cli, content: string): void {
  const whole = content.endsWith('\n') ? content : `${content}\n`
  output.write(output.isTerminal ? visibleLines(whole) : whole)
}

function missing(term: string): never {
  throw new Error(`\`${term}\` is no input of this command`)
}

/** Adds an argument or an option. Answers what tells how it was typed. */
function addInput(
  made: Command,
  input: CommandInput,
): () => string | string[] | boolean | undefined {
  const { check, choices, repeats, required = false, says, term } = input
  const checkedInput = (value: string) => {
    try {
      check?.(value)
    } catch (error) {
      throw error instanceof UnreadableInput ? new InvalidArgumentError(error.message) : error
    }
    return value
  }
  if (!term.startsWith('-')) {
    const argument = new Argument(term, says)
    if (choices) argument.choices(choices)
    else if (check) argument.argParser(checkedInput)
    const place = made.registeredArguments.length
    made.addArgument(argument)
    return () => made.processedArgs[place]
  }
  const option = new Option(term, says).makeOptionMandatory(required)
  if (choices) option.choices(choices)
  else if (repeats)
    option.argParser((value, before: readonly string[] = []) => [...before, checkedInput(value)])
  else if (check) option.argParser(checkedInput)
  made.addOption(option)
  // `--no-x` makes the value of `--x` false.
  return () => {
    const value = made.getOptionValue(option.attributeName())
    if (option.negate) return value === false ? true : undefined
    return value === false ? undefined : value
  }
}

function isSource(part: Source<unknown> | Sources): part is Source<unknown> {
  return typeof part.read === 'function'
}

function inputsOf(part: Part): readonly CommandInput[] {
  if (!part) return []
  return isSource(part) ? part.inputs : Object.values(part).flatMap(({ inputs }) => inputs)
}

async function readPart(part: Part, readers: Readers, reading: ReaderContext): Promise<unknown> {
  if (!part) return undefined
  const readSource = ({ inputs, read }: Source<unknown>) =>
    read(
      inputs.map((input) => readers.get(input)?.()),
      reading,
    )
  if (isSource(part)) return readSource(part)
  const members: Record<string, unknown> = {}
  for (const [name, source] of Object.entries(part)) members[name] = await readSource(source)
  return members
}
