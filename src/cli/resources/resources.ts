import type { Command } from 'commander'
import { command, type Start } from '../command.ts'
import { counterpartyCommand, riskCommand, sentenceCommand, sizeCommand } from './actions.ts'
import { connectCommand, mappingsCommand, removeCommand, statusCommands } from './change.ts'
import { importCommand } from './import.ts'
import { reviewCommand } from './review.ts'
import { listCommand, showCommand } from './show.ts'
import { tokensCommand } from './tokens.ts'

/** `remit resources …` */
export function resourcesCommand(start: Start): Command {
  const resources = command('resources', 'APIs: their operations, arguments and risk.', [
    'remit resources import billing --openapi billing.yaml --upstream http://127.0.0.1:9000',
    'remit resources show billing',
    'remit resources risk billing.invoices.delete critical',
  ])
  for (const add of [
    listCommand,
    showCommand,
    importCommand,
    reviewCommand,
    connectCommand,
    mappingsCommand,
    tokensCommand,
    riskCommand,
    sentenceCommand,
    counterpartyCommand,
    sizeCommand,
    ...statusCommands,
    removeCommand,
  ]) {
    resources.addCommand(add(start))
  }
  return resources
}
