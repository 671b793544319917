import type { Command } from 'commander'
import { bold, green, text } from '../../lib/terminal/text.ts'
import { settingsInWords } from '../../operations/client-schemas.ts'
import { command, type Start } from '../command.ts'
import { CommandFailure } from '../failure.ts'
import { addSettings, givenOf, type SettingsOptions } from './settings.ts'

export function setCommand(start: Start): Command {
  const set = command(
    'set',
    'Replaces all settings of an introspector or a PEP. A setting that is left out gets its default.',
    ['remit clients set edge --resource orders --takes'],
  )
  return addSettings(set)
    .argument('<name>', 'of `remit clients list`')
    .action(async (name: string, options: SettingsOptions, invoked: Command) => {
      const cli = await start(invoked)
      const { kind } = await cli.api.call('GET', '/clients/:id', { params: { id: name } })
      const given = givenOf(kind, options)
      if (given.kind !== 'pep' && given.kind !== 'introspector')
        throw new CommandFailure(`settings of the kind ${kind} do not change`, {
          exit: 1,
          next: ['remit clients add, and remit clients remove'],
        })
      const body =
        given.kind === 'pep'
          ? { kind: given.kind, settings: { ...given.settings } }
          : { kind: given.kind, settings: { ...given.settings } }
      const client = await cli.api.call('PUT', '/clients/:id', { params: { id: name }, body })
      cli.say(text`${green('✓')} ${bold(client.id)}: ${settingsInWords(client)}`)
      cli.answer(client, () => [])
    })
}
