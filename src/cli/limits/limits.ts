import type { Command } from 'commander'
import { table } from '../../lib/terminal/table.ts'
import { bold, dim, green, type Text, text } from '../../lib/terminal/text.ts'
import type { Cli } from '../cli.ts'
import { command, type Start } from '../command.ts'
import { usage } from '../failure.ts'
import { findPerson } from '../person.ts'
import type { AnswerOf } from '../server/operation-types.ts'
import { limitLine, readLimit } from './limit.ts'

type StandingLimitJson = AnswerOf<'PUT', '/limits'>
type Kind = StandingLimitJson['subject']['kind']

/** `remit limits …` */
export function limitsCommand(start: Start): Command {
  const limits = command(
    'limits',
    'The most that may be done for a person, by an agent, in a space, or altogether, whatever tasks are open.',
    [
      'remit limits list',
      'remit limits set calls=1000/1h --agent refund-bot',
      'remit limits set orders.refund/amount=5000.00/1d --everything',
      'remit limits remove lim_…',
    ],
  )
  for (const add of [listCommand, setCommand, removeCommand]) limits.addCommand(add(start))
  return limits
}

interface SubjectOptions {
  readonly person?: string
  readonly agent?: string
  readonly space?: string
  readonly everything?: boolean
}

function withSubject(of: Command): Command {
  return of
    .option('--person <person>', 'all calls for this person: id, e-mail or name')
    .option('--agent <agent>', 'all calls in which this agent takes part')
    .option('--space <space>', 'all calls of tasks in this space')
    .option('--everything', 'all calls there are')
}

/** `undefined`: none was named. */
async function subjectOf(
  cli: Cli,
  { agent, everything, person, space }: SubjectOptions,
): Promise<{ readonly kind: Kind; readonly id?: string } | undefined> {
  const named = [agent, person, space].filter((name) => name !== undefined).length
  if (named + (everything === true ? 1 : 0) > 1)
    throw usage('A limit is for one', 'say --person, --agent, --space or --everything')
  if (person !== undefined) return { kind: 'person', id: (await findPerson(cli.api, person)).id }
  if (agent !== undefined) return { kind: 'agent', id: agent }
  if (space !== undefined) return { kind: 'space', id: space }
  return everything === true ? { kind: 'organization' } : undefined
}

function listCommand(start: Start): Command {
  return withSubject(
    command(
      'list',
      'Standing limits with what is used of each; your own, if you are no administrator.',
      ['remit limits list', 'remit limits list --agent refund-bot'],
    ),
  ).action(async (options: SubjectOptions, invoked: Command) => {
    const cli = await start(invoked)
    const { id: subject, kind } = (await subjectOf(cli, options)) ?? {}
    const answer = await cli.api.call('GET', '/limits', { query: { kind, subject } })
    cli.answer(answer, () =>
      answer.limits.length === 0
        ? [dim('No standing limits: tasks are held to their own budgets.')]
        : table(
            ['ID', 'FOR', 'LIMIT'],
            answer.limits.map((one) => [one.id, whose(one), limitInFull(one)]),
            cli.width,
          ),
    )
  })
}

function setCommand(start: Start): Command {
  return withSubject(
    command(
      'set',
      'Sets a limit, or how much there may be of one that is there. Counts from now on.',
      [
        'remit limits set calls=1000/1h --agent refund-bot',
        'remit limits set orders.refund/amount=500.00/1d --person sam',
        'remit limits set orders.refund=10/1m --everything',
        'remit limits set calls=50 --agent refund-bot --each-task   # of every task that it opens',
        'remit limits set rows:orders.list/orders=5000/1d,reserve=/limit --person sam   # what answers say',
      ],
    ),
  )
    .argument(
      '<limit>',
      'calls=20/1h, orders.refund=5/1h, orders.refund/amount=500.00/1d; without /… for ever; of what answers say rows:… and charged:…,reserve=…',
    )
    .option('--each-task', 'of each task that opens from now on, instead of over all of them')
    .action(
      async (given: string, options: SubjectOptions & { eachTask?: boolean }, invoked: Command) => {
        const limit = readLimit(given)
        const cli = await start(invoked)
        const subject = await subjectOf(cli, options)
        if (!subject)
          throw usage('Nobody is named', 'say --person, --agent, --space or --everything')
        const set = await cli.api.call('PUT', '/limits', {
          body: { subject, each_task: options.eachTask ?? false, limit },
        })
        cli.say(text`${green('✓')} ${whose(set)}: ${limitInFull(set)}  ${dim(set.id)}`)
        cli.answer(set, () => [])
      },
    )
}

function removeCommand(start: Start): Command {
  return command('remove', 'Removes a limit. Tasks keep what they were opened with.', [
    'remit limits remove lim_…',
  ])
    .argument('<id>', 'the limit')
    .action(async (id: string, _options: object, invoked: Command) => {
      const cli = await start(invoked)
      await cli.api.call('DELETE', '/limits/:id', { params: { id } })
      cli.say(text`${green('✓')} the limit ${bold(id)} is gone`)
      cli.answer({ limit: id, removed: true }, () => [])
    })
}

/** For whom it is. */
export function whose({ subject: { id, kind, name } }: StandingLimitJson): Text {
  return kind === 'organization' ? text`everything` : text`${kind} ${name ?? id}`
}

function limitInFull({ each_task, limit }: StandingLimitJson): Text {
  return text`${limitLine(limit)}${each_task ? ', of each task' : ''}`
}
