import { Argument, type Command, InvalidArgumentError, Option } from 'commander'
import { Text } from '../../lib/terminal/text.ts'
import { type CommandInput, type Source, Unreadable } from '../../operations/command.ts'
import type { AnyCommand, OperationDescription } from '../../operations/operation.ts'
import type { Cli } from '../cli.ts'
import { command, type Start } from '../command.ts'
import { readingOf } from './reading.ts'

type Sources = Readonly<Record<string, Source<unknown>>>

/** Makes the command of one operation from its description. */
export function operationCommand(
  start: Start,
  verb: string,
  operation: OperationDescription,
  shown: AnyCommand,
): Command {
  const made = command(verb, shown.says ?? operation.says, shown.examples)
  const { body, params, query } = shown.takes ?? {}
  const sources = [params, query, body].flatMap((part) => Object.values(part ?? {}))
  const inputs = [...new Set(sources.flatMap((source) => source.inputs))]
  const readers = new Map(inputs.map((input) => [input, addInput(made, input)]))
  const typed = (term: string) =>
    String(readers.get(inputs.find((input) => input.term === term) ?? missing(term))?.() ?? '')
  return made.action(async () => {
    const cli = await start(made)
    const given = {
      params: await membersOf(params, readers, cli),
      query: await membersOf(query, readers, cli),
      body: await membersOf(body, readers, cli),
    }
    const [method = '', path = ''] = operation.route.split(' ')
    const answer = await cli.api.perform(method, path, given)
    const done = { answer, ...given, typed, url: cli.url }
    const said = shown.said?.(done) ?? []
    cli.say(...(said instanceof Text ? [said] : said))
    const lines = cli.json ? [] : await shown.prints?.(answer, done)
    cli.answer(shown.json ? shown.json(done) : answer, () => lines ?? [])
  })
}

function missing(term: string): never {
  throw new Error(`\`${term}\` is no input of this command`)
}

/** Adds an argument or an option. Answers what tells how it was typed. */
function addInput(
  made: Command,
  input: CommandInput,
): () => string | string[] | boolean | undefined {
  const { check, choices, fallback, required = false, says, term } = input
  const parsed = (value: string) => {
    try {
      check?.(value)
    } catch (error) {
      throw error instanceof Unreadable ? new InvalidArgumentError(error.message) : error
    }
    return value
  }
  if (!term.startsWith('-')) {
    const argument = new Argument(term, says)
    if (fallback !== undefined) argument.default(fallback)
    if (choices) argument.choices(choices)
    else if (check) argument.argParser(parsed)
    const place = made.registeredArguments.length
    made.addArgument(argument)
    return () => made.processedArgs[place]
  }
  const option = new Option(term, says).makeOptionMandatory(required)
  if (choices) option.choices(choices)
  else if (check) option.argParser(parsed)
  made.addOption(option)
  return () => made.getOptionValue(option.attributeName())
}

async function membersOf(
  sources: Sources | undefined,
  readers: ReadonlyMap<CommandInput, () => string | string[] | boolean | undefined>,
  cli: Cli,
): Promise<Readonly<Record<string, unknown>> | undefined> {
  if (!sources) return undefined
  const members: Record<string, unknown> = {}
  for (const [name, source] of Object.entries(sources)) {
    const typed = source.inputs.map((input) => readers.get(input)?.())
    members[name] = await source.read(typed, readingOf(cli))
  }
  return members
}
