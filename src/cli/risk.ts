import type { Command } from 'commander'
import { table } from '../lib/terminal/table.ts'
import { bold, dim, green, red, text } from '../lib/terminal/text.ts'
import { moment } from '../lib/terminal/time.ts'
import { RISK } from '../operations/risk.ts'
import { command, type Start } from './command.ts'
import { nounCommand } from './operations/noun.ts'

/** `remit risk …` */
export const riskCommand = nounCommand(RISK, [sourcesCommand])

/** `remit risk sources …` */
function sourcesCommand(start: Start): Command {
  const sources = command('sources', 'Systems that may raise signals, and do nothing else.', [
    'remit risk sources add our-siem',
  ])
  for (const add of [listCommand, addCommand, revokeCommand]) sources.addCommand(add(start))
  return sources
}

function listCommand(start: Start): Command {
  return command('list', 'All of them; secrets are never shown again.', [
    'remit risk sources list',
  ]).action(async (_options: object, invoked: Command) => {
    const cli = await start(invoked)
    const answer = await cli.api.call('GET', '/signal-sources', {})
    cli.answer(answer, () =>
      answer.sources.length === 0
        ? [dim('None yet. `remit risk sources add NAME` makes one.')]
        : table(
            ['NAME', 'SINCE', 'LAST USED', 'STATUS'],
            answer.sources.map((each) => [
              bold(each.name),
              moment(each.created_at),
              each.last_used_at === null ? dim('never') : moment(each.last_used_at),
              each.revoked_at === null ? green('in use') : red('revoked'),
            ]),
            cli.width,
          ),
    )
  })
}

function addCommand(start: Start): Command {
  return command('add', 'Makes a secret for a system that raises signals. It is shown once.', [
    'remit risk sources add our-siem',
    'remit risk sources add our-siem --json   # for a program that keeps it',
  ])
    .argument('<name>', 'lower-case letters, digits and hyphens')
    .action(async (name: string, _options: object, invoked: Command) => {
      const cli = await start(invoked)
      const added = await cli.api.call('POST', '/signal-sources', { body: { name } })
      cli.answer(added, () => [
        text`${green('✓')} ${bold(added.name)} may raise signals at /v1/risk-signals`,
        text`  its secret, shown this once: ${bold(added.secret)}`,
        dim('  it goes into Authorization: Bearer …'),
      ])
    })
}

function revokeCommand(start: Start): Command {
  return command('revoke', 'Ends one, now. What it raised stays until it expires.', [
    'remit risk sources revoke our-siem',
  ])
    .argument('<name>', 'of `remit risk sources list`')
    .action(async (name: string, _options: object, invoked: Command) => {
      const cli = await start(invoked)
      await cli.api.call('DELETE', '/signal-sources/:name', { params: { name } })
      cli.say(text`${green('✓')} ${bold(name)} is revoked`)
      cli.answer({ source: name, revoked: true }, () => [])
    })
}
