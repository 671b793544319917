import type { Command } from 'commander'
import { table } from '../../lib/terminal/table.ts'
import { bold, dim, text } from '../../lib/terminal/text.ts'
import { moment } from '../../lib/terminal/time.ts'
import { command, type Start } from '../command.ts'

/** `remit spaces threads SPACE` */
export function threadsCommand(start: Start): Command {
  return command('threads', 'What surfaces said of the threads of a space, the newest first.', [
    'remit spaces threads returns',
  ])
    .argument('<space>', 'the space')
    .action(async (space: string, _options: object, invoked: Command) => {
      const cli = await start(invoked)
      const answer = await cli.api.call('GET', '/spaces/:name/threads', {
        params: { name: space },
      })
      cli.answer(answer, () =>
        answer.threads.length === 0
          ? [dim(text`No surface has stated a thread in ${space}.`)]
          : table(
              ['THREAD', 'ASKS', 'THERE', 'AGENTS', 'STATED'],
              answer.threads.map((thread) => [
                bold(thread.name),
                thread.requester ?? dim('nobody'),
                `${thread.participants.length} known${thread.strangers > 0 ? `, ${thread.strangers} not` : ''}`,
                thread.agents.join(' '),
                thread.ended_at === null
                  ? moment(thread.stated_at)
                  : text`ended ${moment(thread.ended_at)}`,
              ]),
              cli.width,
            ),
      )
    })
}
