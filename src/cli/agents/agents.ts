import type { Command } from 'commander'
import { command, type Start } from '../command.ts'
import { addCommand } from './add.ts'
import { certificateCommand } from './certificate.ts'
import { addKeyCommand, linkCommand, revokeKeyCommand, unlinkCommand } from './keys.ts'
import { limitsCommand } from './limits.ts'
import { notifyCommand } from './notify.ts'
import { recertifyCommand } from './recertify.ts'
import { listCommand, showCommand } from './show.ts'
import { statusCommands } from './status.ts'

/** `remit agents …` */
export function agentsCommand(start: Start): Command {
  const agents = command('agents', 'Agents, and the most they may ever be given.', [
    'remit agents list',
    'remit agents add invoice-bot --trust 3 --ceiling billing.invoices.read --key-out invoice-bot.jwk',
    'remit agents suspend invoice-bot --reason "behaves oddly"',
  ])
  for (const add of [
    listCommand,
    showCommand,
    addCommand,
    limitsCommand,
    notifyCommand,
    recertifyCommand,
    ...statusCommands,
    addKeyCommand,
    revokeKeyCommand,
    linkCommand,
    unlinkCommand,
    certificateCommand,
  ]) {
    agents.addCommand(add(start))
  }
  return agents
}
