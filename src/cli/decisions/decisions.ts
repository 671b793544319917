import type { Command } from 'commander'
import { command, type Start } from '../command.ts'
import { explainCommand } from './explain.ts'
import { listCommand } from './list.ts'

/** `remit decisions …` */
export function decisionsCommand(start: Start): Command {
  const decisions = command('decisions', 'What was decided about calls, and why.', [
    'remit decisions list --agent refund-bot',
    'remit decisions explain dec_…',
  ])
  for (const add of [listCommand, explainCommand]) decisions.addCommand(add(start))
  return decisions
}
