import { Argument, type Command } from 'commander'
import { command, type Start } from '../command.ts'
import { usage } from '../failure.ts'
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

/** `remit resources counterparty ACTION PATH` */
export function counterpartyCommand(start: Start): Command {
  return markCommand(start, {
    mark: 'counterparty',
    says: 'Says which argument names whom a call is about. Risk signals look at it.',
    example: 'remit resources counterparty bank.pay /recipient/iban',
    words: 'is about whoever is named by',
  })
}

/** `remit resources size ACTION PATH` */
export function sizeCommand(start: Start): Command {
  return markCommand(start, {
    mark: 'size',
    says: 'Says which argument tells how large a call is. Risk signals look at it.',
    example: 'remit resources size orders.refund /amount',
    words: 'is as large as',
  })
}

function markCommand(
  start: Start,
  {
    example,
    mark,
    says,
    words,
  }: { mark: 'counterparty' | 'size'; says: string; example: string; words: string },
): Command {
  return command(mark, says, [example, `remit resources ${mark} orders.refund --none`])
    .argument('<action>', 'such as orders.refund')
    .argument('[path]', 'JSON Pointer to the argument, such as /amount')
    .option('--none', 'no argument does')
    .action(
      async (
        action: string,
        path: string | undefined,
        { none }: { readonly none?: true },
        invoked: Command,
      ) => {
        if ((path === undefined) !== (none === true))
          throw usage('Say which argument it is, or that none is', '/path or --none')
        const cli = await start(invoked)
        const where = at`/actions/${action}/${mark}`
        const changed = await cli.api.send<Action>('PUT', where, { path: path ?? null })
        cli.say(
          path === undefined
            ? text`${green('✓')} ${bold(changed.name)} has no ${mark} any more`
            : text`${green('✓')} ${bold(changed.name)} ${words} ${path}`,
        )
        cli.answer(changed, () => [])
      },
    )
}
