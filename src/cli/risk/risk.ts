import { Argument, type Command, Option } from 'commander'
import { table } from '../../lib/terminal/table.ts'
import { bold, dim, green, text } from '../../lib/terminal/text.ts'
import { relative } from '../../lib/terminal/time.ts'
import { command, type Start } from '../command.ts'
import { readExpires } from '../expires.ts'
import { usage } from '../failure.ts'
import { riskWord } from '../resources/show.ts'
import { sourcesCommand } from './sources.ts'

const LEVELS = ['low', 'medium', 'high', 'critical'] as const
const KINDS = ['agent', 'person', 'task'] as const

/** `remit risk …` */
export function riskCommand(start: Start): Command {
  const risk = command(
    'risk',
    'Risk signals about agents, people and tasks: they make calls weigh more.',
    [
      'remit risk raise agent:refund-bot leaked-key high --expires 12h',
      'remit risk list',
      'remit risk sources add our-siem',
    ],
  )
  for (const add of [listCommand, raiseCommand, endCommand, sourcesCommand])
    risk.addCommand(add(start))
  return risk
}

function listCommand(start: Start): Command {
  return command('list', 'Signals in force, newest first.', ['remit risk list']).action(
    async (_options: object, invoked: Command) => {
      const cli = await start(invoked)
      const answer = await cli.api.call('GET', '/risk-signals', {})
      cli.answer(answer, () =>
        answer.signals.length === 0
          ? [dim('Nobody says anything about anyone.')]
          : table(
              ['ABOUT', 'SIGNAL', 'LEVEL', 'SAID BY', 'ENDS'],
              answer.signals.map((each) => [
                bold(`${each.subject.kind}:${each.subject.id}`),
                each.signal,
                riskWord(each.level),
                each.source,
                relative(each.expires_at, cli.now),
              ]),
              cli.width,
            ),
      )
    },
  )
}

function raiseCommand(start: Start): Command {
  return command(
    'raise',
    'Says something about an agent, a person or a task. Its next call feels it.',
    [
      'remit risk raise agent:refund-bot leaked-key high --expires 12h',
      'remit risk raise task:tsk_… odd-behaviour medium --expires 1h',
    ],
  )
    .argument('<about>', 'agent:NAME, person:psn_… or task:tsk_…')
    .argument('<signal>', 'its name, such as leaked-key')
    .addArgument(new Argument('<level>', 'low, medium, high or critical').choices(LEVELS))
    .addOption(
      new Option('--expires <when>', '12h, 7d, or a time; 30 days at most').makeOptionMandatory(),
    )
    .action(
      async (
        about: string,
        signal: string,
        level: (typeof LEVELS)[number],
        options: { readonly expires: string },
        invoked: Command,
      ) => {
        const cli = await start(invoked)
        const raised = await cli.api.call('POST', '/risk-signals', {
          body: {
            subject: subjectOf(about),
            signal,
            level,
            expires_at: readExpires(options.expires, cli.now),
          },
        })
        cli.say(
          text`${green('✓')} ${bold(raised.signal)} (${riskWord(raised.level)}) is raised about ${about}, until ${relative(raised.expires_at, cli.now)}`,
        )
        cli.answer(raised, () => [])
      },
    )
}

function endCommand(start: Start): Command {
  return command('end', 'Takes a signal back before its time.', [
    'remit risk end agent:refund-bot leaked-key --source source:our-siem',
  ])
    .argument('<about>', 'agent:NAME, person:psn_… or task:tsk_…')
    .argument('<signal>', 'its name')
    .addOption(
      new Option('--source <who>', 'who said it, as `remit risk list` shows').makeOptionMandatory(),
    )
    .action(
      async (
        about: string,
        signal: string,
        { source }: { readonly source: string },
        invoked: Command,
      ) => {
        const cli = await start(invoked)
        const subject = subjectOf(about)
        await cli.api.call('POST', '/risk-signals/end', { body: { subject, signal, source } })
        cli.say(text`${green('✓')} ${bold(signal)} about ${about} is taken back`)
        cli.answer({ subject, signal, source, ended: true }, () => [])
      },
    )
}

function subjectOf(about: string): { kind: (typeof KINDS)[number]; id: string } {
  const [, said, id] = /^(\w+):(.+)$/.exec(about) ?? []
  const kind = KINDS.find((each) => each === said)
  if (kind === undefined || id === undefined)
    throw usage(
      `\`${about}\` does not say what it is about`,
      'agent:NAME, person:psn_… or task:tsk_…',
    )
  return { kind, id }
}
