import type { Command } from 'commander'
import { table } from '../../lib/terminal/table.ts'
import { bold, dim, green, text } from '../../lib/terminal/text.ts'
import { moment } from '../../lib/terminal/time.ts'
import { visibleLines } from '../../lib/terminal/visible.ts'
import type { Cli } from '../cli.ts'
import { command, type Start } from '../command.ts'
import { diffCommand } from './diff.ts'
import { whatCommand, whoCommand } from './ever.ts'
import { fmtCommand } from './fmt.ts'
import { publishCommand } from './publish.ts'
import { replayCommand } from './replay.ts'
import { shadowCommand } from './shadow.ts'
import { suggestCommand } from './suggest.ts'
import { testCommand } from './test.ts'
import { validateCommand } from './validate.ts'

/** `remit policy …` */
export function policyCommand(start: Start): Command {
  const policy = command('policy', 'The rules: who may do what, and what a person sees first.', [
    'remit policy test ./policies',
    'remit policy publish ./policies --note "refunds over 100 ask finance"',
    'remit policy schema   # what rules can speak of',
  ])
  const commands = [
    ...[listCommand, showCommand, schemaCommand],
    ...[fmtCommand, validateCommand, testCommand, diffCommand],
    ...[replayCommand, shadowCommand, publishCommand],
    ...[suggestCommand, whoCommand, whatCommand],
  ]
  for (const add of commands) policy.addCommand(add(start))
  return policy
}

function listCommand(start: Start): Command {
  return command('list', 'Every published version, newest first. The first is in force.', [
    'remit policy list',
  ]).action(async (_options: object, invoked: Command) => {
    const cli = await start(invoked)
    const answer = await cli.api.call('GET', '/policies', {})
    cli.answer(answer, () =>
      answer.versions.length === 0
        ? [
            dim(
              'Nothing is published: nothing is permitted. `remit policy publish PATH` changes that.',
            ),
          ]
        : table(
            ['VERSION', 'PUBLISHED', 'BY', 'NOTE'],
            answer.versions.map((each, i) => [
              text`${bold(each.version)}${i === 0 ? green(' in force') : ''}`,
              moment(each.published_at),
              each.published_by_name ?? each.published_by,
              each.note,
            ]),
            cli.width,
          ),
    )
  })
}

function showCommand(start: Start): Command {
  return command('show', 'The text of a version, as it was published.', [
    'remit policy show',
    'remit policy show 3 > version-3.cedar',
  ])
    .argument('[version]', 'its number; else the one in force', 'active')
    .action(async (version: string, _options: object, invoked: Command) => {
      const cli = await start(invoked)
      const shown = await cli.api.call('GET', '/policies/:version', { params: { version } })
      const { note, published_at, published_by, published_by_name } = shown
      const by = published_by_name ?? published_by
      cli.say(dim(text`version ${shown.version}, by ${by} at ${moment(published_at)}  ${note}`))
      printText(cli, shown, shown.text)
    })
}

function schemaCommand(start: Start): Command {
  return command('schema', 'What rules can speak of: the Cedar schema made from the catalog.', [
    'remit policy schema',
    'remit policy schema > remit.cedarschema   # for an editor',
  ]).action(async (_options: object, invoked: Command) => {
    const cli = await start(invoked)
    const answer = await cli.api.call('GET', '/policy-schema', {})
    printText(cli, answer, answer.schema)
  })
}

/** A text that is a file somewhere: exactly as it is, but for what would disturb a terminal. */
function printText(cli: Cli, value: object, content: string): void {
  if (cli.json) {
    cli.answer(value, () => [])
    return
  }
  const whole = content.endsWith('\n') ? content : `${content}\n`
  cli.world.output.write(cli.world.output.isTerminal ? visibleLines(whole) : whole)
}
