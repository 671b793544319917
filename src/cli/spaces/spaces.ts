import type { Command } from 'commander'
import { table } from '../../lib/terminal/table.ts'
import { bold, dim, green, text } from '../../lib/terminal/text.ts'
import { command, type Start } from '../command.ts'
import { changeCommands, createCommand, setCommand } from './change.ts'
import { inWords } from './space.ts'
import { surfacesCommand } from './surfaces.ts'
import { threadsCommand } from './threads.ts'

/** `remit spaces …` */
export function spacesCommand(start: Start): Command {
  const spaces = command(
    'spaces',
    'Where people and agents meet: the organization, workspaces, channels, direct messages.',
    [
      'remit spaces create acme --kind organization --people group:staff --agents refund-bot',
      'remit spaces create returns --kind channel --in acme --mode intersection',
      'remit spaces surfaces add returns "chat adapter"',
      'remit spaces show returns',
    ],
  )
  for (const add of [
    listCommand,
    showCommand,
    createCommand,
    setCommand,
    ...changeCommands,
    surfacesCommand,
    threadsCommand,
  ])
    spaces.addCommand(add(start))
  return spaces
}

function listCommand(start: Start): Command {
  return command('list', 'Every space, by name.', ['remit spaces list']).action(
    async (_options: object, invoked: Command) => {
      const cli = await start(invoked)
      const answer = await cli.api.call('GET', '/spaces', {})
      cli.answer(answer, () =>
        answer.spaces.length === 0
          ? [dim('No spaces yet: tasks are in none, which restricts nothing.')]
          : table(
              ['NAME', 'KIND', 'IN', 'MODE', 'STATUS'],
              answer.spaces.map(({ kind, mode, name, parent, status }) => [
                bold(name),
                kind,
                parent ?? dim('–'),
                mode ?? dim('as above'),
                status === 'active' ? green(status) : status,
              ]),
              cli.width,
            ),
      )
    },
  )
}

function showCommand(start: Start): Command {
  return command('show', 'What a space says, and what counts there.', ['remit spaces show returns'])
    .argument('<name>', 'the space')
    .action(async (name: string, _options: object, invoked: Command) => {
      const cli = await start(invoked)
      const space = await cli.api.call('GET', '/spaces/:name', { params: { name } })
      cli.answer(space, () => [text`${bold(space.name)}  ${space.title}`, ...inWords(space)])
    })
}
