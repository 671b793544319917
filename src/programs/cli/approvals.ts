import type { Command } from 'commander'
import { APPROVALS } from '../../console/api-operations/approvals.ts'
import type { Terminal } from '../../console/operation-kit/terminal.ts'
import { wholeRequestLines } from '../../console/operation-kit/whole-request.ts'
import { bold, green, text } from '../../platform/lib/terminal/text.ts'
import type { Cli } from './cli.ts'
import { command, type Start } from './command.ts'
import { CommandFailure } from './failure.ts'
import { nounCommand } from './operations/noun.ts'
import { at } from './server/api.ts'

/** `remit approvals …` */
export const approvalsCommand = nounCommand(APPROVALS, [approveCommand, openCommand])

function approveCommand(start: Start, terminal: Terminal): Command {
  return command('approve', 'Approves one call, once: exactly what is shown.', [
    'remit approvals approve req_…',
    'remit approvals approve req_… --shown …',
  ])
    .argument('<id>', 'the request')
    .option('--shown <digest>', 'what `remit approvals show` printed: another request is refused')
    .option('--reason <text>', 'why')
    .action(async (id: string, given: ApproveOptions, invoked: Command) => {
      await approve(await start(invoked), terminal, id, given)
    })
}

interface ApproveOptions {
  readonly shown?: string
  readonly reason?: string
}

async function approve(
  cli: Cli,
  terminal: Terminal,
  id: string,
  { reason, shown }: ApproveOptions,
): Promise<void> {
  const params = { id }
  const request = await cli.api.call('GET', '/access-requests/:id', { params })
  if (request.page_required && request.may.includes('approve')) {
    cli.open(request.page)
    throw new CommandFailure('This call is approved on its page', {
      code: 'approval.page_required',
      detail: 'it is of high risk, or needs a fresh sign-in or a passkey; the page shows all of it',
      next: [request.page],
    })
  }
  // The page asks, in `remit dev`, too.
  if (shown === undefined) cli.say(...wholeRequestLines(request, terminal), '')
  // INVARIANT: the request names exactly the call shown here; the server takes it for no other.
  const body = { shown: shown ?? request.shown, ...(reason === undefined ? {} : { reason }) }
  const answer = await cli.api.call('POST', '/access-requests/:id/approve', { params, body })
  cli.say(text`${green('✓')} ${bold(answer.text)} is ${answer.state}`)
  cli.answer(answer, () => [])
}

function openCommand(start: Start): Command {
  return command('open', 'Opens the page of a request in the browser.', [
    'remit approvals open req_…',
  ])
    .argument('<id>', 'the request')
    .action(async (id: string, _options: object, invoked: Command) => {
      const cli = await start(invoked)
      const page = cli.url + at`/approvals/${id}`
      cli.open(page)
      cli.answer({ page }, () => [page])
    })
}
