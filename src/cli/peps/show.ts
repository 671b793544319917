import type { Command } from 'commander'
import { table } from '../../lib/terminal/table.ts'
import { bold, dim, green, red, type Text, text } from '../../lib/terminal/text.ts'
import { moment } from '../../lib/terminal/time.ts'
import { command, type Start } from '../command.ts'
import { settingsInWords } from './pep.ts'

export function listCommand(start: Start): Command {
  return command('list', 'Every one, with its settings.', ['remit peps list']).action(
    async (_options: object, invoked: Command) => {
      const cli = await start(invoked)
      const answer = await cli.api.call('GET', '/peps', {})
      cli.answer(answer, () =>
        answer.peps.length === 0
          ? [dim('None yet. `remit peps add NAME` registers one.')]
          : table(
              ['NAME', 'SETTINGS', 'LAST USED', 'STATUS'],
              answer.peps.map((pep) => [
                bold(pep.name),
                settingsInWords(pep),
                pep.last_used_at === null ? dim('never') : moment(pep.last_used_at),
                status(pep.revoked_at, 'revoked'),
              ]),
              cli.width,
            ),
      )
    },
  )
}

export function showCommand(start: Start): Command {
  return command('show', 'One with its credentials; secrets are never shown again.', [
    'remit peps show edge',
  ])
    .argument('<name>', 'of `remit peps list`')
    .action(async (name: string, _options: object, invoked: Command) => {
      const cli = await start(invoked)
      const pep = await cli.api.call('GET', '/peps/:name', { params: { name } })
      cli.answer(pep, () => [
        text`${bold(pep.name)}  ${settingsInWords(pep)}  ${status(pep.revoked_at, 'revoked')}`,
        ...(pep.credentials.length === 0
          ? [dim(text`  no credential yet: remit peps add-secret ${pep.name}`)]
          : table(
              ['CREDENTIAL', 'KIND', 'SINCE', 'STATUS'],
              pep.credentials.map((each) => [
                bold(each.id),
                each.kind === 'key' ? `key ${each.kid ?? each.thumbprint}` : 'secret',
                moment(each.created_at),
                status(each.ended_at, 'ended'),
              ]),
              cli.width,
            )),
      ])
    })
}

function status(end: string | null, word: string): Text {
  return end === null ? green('in use') : red(word)
}
