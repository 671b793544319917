import { type Command, Option } from 'commander'
import { bold, green, text } from '../../lib/terminal/text.ts'
import { readAllowed } from '../authority.ts'
import type { Cli } from '../cli.ts'
import { command, type Start } from '../command.ts'
import { usage } from '../failure.ts'
import { findPerson } from '../person.ts'
import type { InputOf } from '../server/operation-types.ts'
import { inWords } from './space.ts'

type Rules = InputOf<'PUT', '/spaces/:name'>['body']

interface RuleOptions {
  readonly title?: string
  readonly mode?: 'requester' | 'intersection' | 'agent'
  readonly people?: readonly string[]
  readonly agents?: readonly string[]
  readonly atMost?: readonly string[]
  readonly atMostFile?: string
  readonly asAbove?: readonly (typeof FROM_ABOVE)[number][]
}

const FROM_ABOVE = ['mode', 'people', 'agents', 'details'] as const

function withRules(made: Command): Command {
  return made
    .option('--title <text>', 'what people read')
    .addOption(
      new Option('--mode <mode>', 'whose authority counts there').choices([
        'requester',
        'intersection',
        'agent',
      ]),
    )
    .option(
      '--people <who...>',
      'for whom tasks may be opened: group:NAME, or a person by id, e-mail or name',
    )
    .option('--agents <agent...>', 'which agents may open them')
    .option('--at-most <action...>', 'the most that may be done there; "orders.*" for all')
    .option('--at-most-file <file>', 'the same as details with bounds, as JSON')
    .option('--as-above <what...>', `goes back to what is said above: ${FROM_ABOVE.join(', ')}`)
}

async function rulesOf(cli: Cli, options: RuleOptions): Promise<NonNullable<Rules>> {
  const { agents, asAbove = [], atMost, atMostFile, mode, people, title } = options
  const wrong = asAbove.find((name) => !FROM_ABOVE.includes(name))
  if (wrong !== undefined) throw usage(`--as-above knows ${FROM_ABOVE.join(', ')}`)
  const details =
    atMost === undefined && atMostFile === undefined
      ? undefined
      : await readAllowed(cli, {
          actions: atMost,
          file: atMostFile,
          options: ['--at-most', '--at-most-file'],
        })
  return {
    ...Object.fromEntries(asAbove.map((name) => [name, null])),
    ...(title === undefined ? {} : { title }),
    ...(mode === undefined ? {} : { mode }),
    ...(people === undefined ? {} : { people: await whoOf(cli, people) }),
    ...(agents === undefined ? {} : { agents }),
    ...(details === undefined ? {} : { details }),
  }
}

function whoOf(cli: Cli, people: readonly string[]): Promise<readonly string[]> {
  return Promise.all(
    people.map(async (who) =>
      /^(?:group|person):/.test(who) ? who : `person:${(await findPerson(cli.api, who)).id}`,
    ),
  )
}

/** `remit spaces create NAME …` */
export function createCommand(start: Start): Command {
  return withRules(
    command('create', 'Makes a space. Its name is its id, also in policies, for ever.', [
      'remit spaces create acme --kind organization --people group:staff --agents refund-bot',
      'remit spaces create support --kind workspace --in acme',
      'remit spaces create returns --kind channel --in support --mode intersection',
    ])
      .argument('<name>', 'lower-case letters, digits and hyphens')
      .addOption(
        new Option('--kind <kind>', 'what it is')
          .choices(['organization', 'workspace', 'channel', 'direct'])
          .makeOptionMandatory(),
      )
      .option('--in <space>', 'the space above it; the organization has none'),
  ).action(
    async (
      name: string,
      options: RuleOptions & { kind: InputOf<'POST', '/spaces'>['body']['kind']; in?: string },
      invoked: Command,
    ) => {
      const cli = await start(invoked)
      const { in: parent, kind } = options
      const space = await cli.api.call('POST', '/spaces', {
        body: { name, kind, parent, ...(await rulesOf(cli, options)) },
      })
      cli.say(text`${green('✓')} the space ${bold(space.name)} is there`)
      cli.answer(space, () => inWords(space))
    },
  )
}

/** `remit spaces set NAME …` */
export function setCommand(start: Start): Command {
  return withRules(
    command('set', 'Changes what a space says; what is not named stays. Counts at once.', [
      'remit spaces set returns --mode requester',
      'remit spaces set returns --at-most orders.read orders.list',
      'remit spaces set returns --as-above mode details',
    ]).argument('<name>', 'the space'),
  ).action(async (name: string, options: RuleOptions, invoked: Command) => {
    const cli = await start(invoked)
    const space = await cli.api.call('PUT', '/spaces/:name', {
      params: { name },
      body: await rulesOf(cli, options),
    })
    cli.say(text`${green('✓')} ${bold(space.name)} says so, also to tasks that run`)
    cli.answer(space, () => inWords(space))
  })
}
