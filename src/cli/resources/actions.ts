import { Argument, type Command } from 'commander'
import { command, type Start } from '../command.ts'
import { at } from '../server/api.ts'
import { bold, green, text } from '../terminal/text.ts'
import type { Action } from './resource.ts'
import { riskWord } from './show.ts'

const RISKS = ['low', 'medium', 'high', 'critical']

/** `remit resources risk ACTION CLASS` */
export function riskCommand(start: Start): Command {
  return command('risk', 'Sets the risk class of an action. Policies read it.', [
    'remit resources risk orders.refund high',
  ])
    .argument('<action>', 'such as orders.refund')
    .addArgument(new Argument('<class>', 'low, medium, high or critical').choices(RISKS))
    .action(async (action: string, risk: string, _options: object, invoked: Command) => {
      const cli = await start(invoked)
      const changed = await cli.api.send<Action>('PUT', at`/actions/${action}/risk`, { risk })
      cli.say(text`${green('✓')} ${bold(changed.name)} is ${riskWord(changed.risk)}`)
      cli.answer(changed, () => [])
    })
}

/** `remit resources sentence ACTION TEXT` */
export function sentenceCommand(start: Start): Command {
  return command('sentence', 'Sets what people read before they approve a call of an action.', [
    'remit resources sentence orders.refund "Refund {amount} on order {order_id}"',
  ])
    .argument('<action>', 'such as orders.refund')
    .argument('<text>', 'with arguments in braces')
    .action(async (action: string, sentence: string, _options: object, invoked: Command) => {
      const cli = await start(invoked)
      const path = at`/actions/${action}/sentence`
      const changed = await cli.api.send<Action>('PUT', path, { sentence })
      cli.say(text`${green('✓')} ${bold(changed.name)} reads: ${changed.sentence}`)
      cli.answer(changed, () => [])
    })
}
