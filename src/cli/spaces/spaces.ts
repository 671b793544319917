import type { Command } from 'commander'
import { bold, text } from '../../lib/terminal/text.ts'
import { SPACES } from '../../operations/spaces.ts'
import { command, type Start } from '../command.ts'
import { nounCommand } from '../operations/noun.ts'
import { createCommand, setCommand } from './change.ts'
import { inWords } from './space.ts'
import { threadsCommand } from './threads.ts'

/** `remit spaces …` */
export const spacesCommand = nounCommand(SPACES, [
  showCommand,
  createCommand,
  setCommand,
  threadsCommand,
])

function showCommand(start: Start): Command {
  return command('show', 'What a space says, and what counts there.', ['remit spaces show returns'])
    .argument('<name>', 'the space')
    .action(async (name: string, _options: object, invoked: Command) => {
      const cli = await start(invoked)
      const space = await cli.api.call('GET', '/spaces/:name', { params: { name } })
      cli.answer(space, () => [text`${bold(space.name)}  ${space.title}`, ...inWords(space)])
    })
}
