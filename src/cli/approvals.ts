import type { Command } from 'commander'
import { APPROVALS } from '../api-operations/approvals.ts'
import { command, type Start } from './command.ts'
import { nounCommand } from './operations/noun.ts'
import { at } from './server/api.ts'

/** `remit approvals …` */
export const approvalsCommand = nounCommand(APPROVALS, [openCommand])

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
