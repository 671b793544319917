import type { Command } from 'commander'
import { SPONSOR_GRANTS } from '../../operations/sponsor-grants.ts'
import { command, type Start } from '../command.ts'
import { nounCommand } from '../operations/noun.ts'
import { grantCommand } from './grant.ts'
import { showGrant } from './sponsor-grant.ts'

/** `remit sponsor-grants …` */
export const sponsorGrantsCommand = nounCommand(SPONSOR_GRANTS, [showCommand, grantCommand])

function showCommand(start: Start): Command {
  return command('show', 'One sponsor grant: what it permits, and how often it was used.', [
    'remit sponsor-grants show spg_…',
  ])
    .argument('<id>', 'the sponsor grant')
    .action(async (id: string, _options: object, invoked: Command) => {
      const cli = await start(invoked)
      await showGrant(cli, await cli.api.call('GET', '/sponsor-grants/:id', { params: { id } }))
    })
}
