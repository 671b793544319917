import type { Command } from 'commander'
import { table } from '../../lib/terminal/table.ts'
import { bold, dim, green, red, text } from '../../lib/terminal/text.ts'
import { moment } from '../../lib/terminal/time.ts'
import { command, type Start } from '../command.ts'

/** `remit resources enforcers …` */
export function enforcersCommand(start: Start): Command {
  const enforcers = command(
    'enforcers',
    'Enforcement points: how an API that is called directly asks about its calls.',
    ['remit resources enforcers add shop'],
  )
  for (const add of [listCommand, addCommand, revokeCommand]) enforcers.addCommand(add(start))
  return enforcers
}

function listCommand(start: Start): Command {
  return command('list', 'Those of an API; secrets are never shown again.', [
    'remit resources enforcers list shop',
  ])
    .argument('<name>', 'the API')
    .action(async (name: string, _options: object, invoked: Command) => {
      const cli = await start(invoked)
      const answer = await cli.api.call('GET', '/resources/:name/enforcers', { params: { name } })
      cli.answer(answer, () =>
        answer.enforcers.length === 0
          ? [dim(text`None yet. \`remit resources enforcers add ${name}\` makes one.`)]
          : table(
              ['ID', 'SINCE', 'LAST USED', 'STATUS'],
              answer.enforcers.map((each) => [
                bold(each.id),
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
  return command('add', 'Makes a secret for an API that is called directly. It is shown once.', [
    'remit resources enforcers add shop',
    'remit resources enforcers add shop --json   # for a program that keeps it',
  ])
    .argument('<name>', 'the API')
    .action(async (name: string, _options: object, invoked: Command) => {
      const cli = await start(invoked)
      const added = await cli.api.call('POST', '/resources/:name/enforcers', { params: { name } })
      cli.answer(added, () => [
        text`${green('✓')} ${bold(added.id)} may ask about calls to ${bold(added.resource)}`,
        text`  its secret, shown this once: ${bold(added.secret)}`,
        dim('  it goes into the configuration of the API: direct({ secret, … }) of remit-sdk/api'),
      ])
    })
}

function revokeCommand(start: Start): Command {
  return command('revoke', 'Ends one, now. Its API lets nothing through without another.', [
    'remit resources enforcers revoke shop enf_…',
  ])
    .argument('<name>', 'the API')
    .argument('<id>', 'of `remit resources enforcers list`')
    .action(async (name: string, id: string, _options: object, invoked: Command) => {
      const cli = await start(invoked)
      await cli.api.call('DELETE', '/resources/:name/enforcers/:id', { params: { name, id } })
      cli.say(text`${green('✓')} ${bold(id)} is revoked`)
      cli.answer({ resource: name, enforcer: id, revoked: true }, () => [])
    })
}
