import type { Command } from 'commander'
import { bold, dim, green, text, type Value, yellow } from '../../lib/terminal/text.ts'
import { moment } from '../../lib/terminal/time.ts'
import type { Cli } from '../cli.ts'
import { command, type Start } from '../command.ts'
import type { AnswerOf } from '../server/operation-types.ts'
import { differenceLines } from './differences.ts'
import { readSources } from './sources.ts'

type Status = AnswerOf<'GET', '/policies/shadow'>
type Shadow = NonNullable<Status['shadow']>

/** `remit policy shadow …` */
export function shadowCommand(start: Start): Command {
  const shadow = command('shadow', 'A draft beside the policies in force, on real calls.', [
    'remit policy shadow start ./policies',
    'remit policy shadow status   # what it would have answered differently',
    'remit policy shadow stop',
  ])
  for (const add of [startCommand, statusCommand, stopCommand]) shadow.addCommand(add(start))
  return shadow
}

function startCommand(start: Start): Command {
  return command('start', 'From now on, until it is stopped or other policies are published.', [
    'remit policy shadow start ./policies --note "reading asks, too"',
  ])
    .argument('<path...>', 'files, or directories of *.cedar')
    .option('--note <text>', 'what it is about')
    .action(async (paths: readonly string[], options: { note?: string }, invoked: Command) => {
      const cli = await start(invoked)
      const { text: policies } = await readSources(cli.world.directory, paths)
      const answer = await cli.api.call('POST', '/policies/shadow', {
        body: { text: policies, ...options },
      })
      const { base_version: base, draft } = answer.shadow ?? { draft: 0, base_version: 0 }
      cli.say(
        text`${green('✓')} draft ${bold(draft)} runs beside version ${base}; no answer changes`,
        dim('  remit policy shadow status   # what it would have answered differently'),
      )
      cli.answer(answer, () => [])
    })
}

function statusCommand(start: Start): Command {
  return command('status', 'What the draft would have answered differently so far.', [
    'remit policy shadow status',
  ]).action(async (_options: object, invoked: Command) => {
    const cli = await start(invoked)
    tell(cli, await cli.api.call('GET', '/policies/shadow', {}))
  })
}

function stopCommand(start: Start): Command {
  return command('stop', 'Ends the draft; what was found stays.', [
    'remit policy shadow stop',
  ]).action(async (_options: object, invoked: Command) => {
    const cli = await start(invoked)
    tell(cli, await cli.api.call('DELETE', '/policies/shadow', {}))
  })
}

function tell(cli: Cli, status: Status): void {
  const { shadow } = status
  cli.answer(status, () =>
    shadow
      ? shadowLines(shadow)
      : [dim('No draft was ever started. `remit policy shadow start PATH` does.')],
  )
}

const STATE = {
  running: green('running'),
  stopped: 'stopped',
  replaced: 'another draft took its place',
  published: yellow('ended: other policies were published; start it again beside them'),
} as const

function shadowLines(shadow: Shadow): readonly Value[] {
  const { asks, base_version: base, denied, draft, dropped, permitted, seen, ungrouped } = shadow
  const changed = denied + permitted + asks
  const by = shadow.started_by_name ?? shadow.started_by
  return [
    text`draft ${bold(draft)} beside version ${base}: ${STATE[shadow.state]}`,
    dim(text`  started ${moment(shadow.started_at)} by ${by}`),
    '',
    changed === 0
      ? text`${seen} calls, and it would have answered each of them in the same way`
      : text`${bold(changed)} of ${seen} calls would have been answered differently`,
    ...(dropped > 0 ? [yellow(text`${dropped} more were not looked at: too many at once`)] : []),
    '',
    ...differenceLines(shadow.groups),
    ...(ungrouped > 0 ? [dim(`and ${ungrouped} in smaller groups`)] : []),
  ]
}
