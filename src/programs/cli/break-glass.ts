import type { Command } from 'commander'
import { BREAK_GLASS } from '../../console/api-operations/break-glass.ts'
import type { Terminal } from '../../console/operation-kit/terminal.ts'
import { wholeRequestLines } from '../../console/operation-kit/whole-request.ts'
import { bold, green, text } from '../../platform/lib/terminal/text.ts'
import { command, type Start } from './command.ts'
import { CommandFailure } from './failure.ts'
import { nounCommand } from './operations/noun.ts'

/** `remit break-glass …` */
export const breakGlassCommand = nounCommand(BREAK_GLASS, [openCommand])

function openCommand(start: Start, terminal: Terminal): Command {
  return command('open', 'Approves one call alone, once, in an emergency.', [
    'remit break-glass open req_… --reason "payments are down, finance is asleep"',
  ])
    .argument('<id>', 'the request')
    .requiredOption('--reason <text>', 'why it cannot wait; everybody who is told reads it')
    .option('--shown <digest>', 'what `remit approvals show` printed: another request is refused')
    .action(
      async (
        id: string,
        { reason, shown }: { reason: string; shown?: string },
        invoked: Command,
      ) => {
        const cli = await start(invoked)
        const request = await cli.api.call('GET', '/access-requests/:id', { params: { id } })
        if (request.page_required) {
          cli.open(request.page)
          throw new CommandFailure('This call is approved on its page', {
            code: 'approval.page_required',
            detail: 'break-glass is at the end of the page, which shows all of the call',
            next: [request.page],
          })
        }
        // The page asks, in `remit dev`, too.
        if (shown === undefined) cli.say(...wholeRequestLines(request, terminal), '')
        const body = { request: id, shown: shown ?? request.shown, reason }
        const answer = await cli.api.call('POST', '/break-glass', { body })
        cli.say(text`${green('✓')} ${bold(answer.text)} is approved; review: ${answer.page}`)
        cli.answer(answer, () => [])
      },
    )
}
