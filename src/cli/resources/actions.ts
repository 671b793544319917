import { RISKS } from '@remit/engine/risk'
import { Argument, type Command } from 'commander'
import { table } from '../../lib/terminal/table.ts'
import { bold, green, text } from '../../lib/terminal/text.ts'
import { riskWord } from '../../lib/terminal/words.ts'
import type { Cli } from '../cli.ts'
import { command, type Start } from '../command.ts'
import { CommandFailure, usage } from '../failure.ts'

/** `remit resources risk ACTION CLASS`, `remit resources risk API --accept` */
export function riskCommand(start: Start): Command {
  return command(
    'risk',
    'Sets the risk class of an action, or accepts all that are proposed for an API. Policies read it.',
    ['remit resources risk orders.refund high', 'remit resources risk orders --accept'],
  )
    .argument('<name>', 'the action, such as orders.refund; with --accept the API')
    .addArgument(new Argument('[class]', 'low, medium, high or critical').choices(RISKS))
    .option('--accept', 'every class that is proposed counts from now on, as it is shown')
    .action(
      async (
        name: string,
        risk: string | undefined,
        { accept }: { readonly accept?: true },
        invoked: Command,
      ) => {
        if ((risk === undefined) !== (accept === true))
          throw usage(
            'Say a class for an action, or --accept for an API',
            `remit resources risk ${name} CLASS`,
          )
        const cli = await start(invoked)
        if (risk === undefined) return acceptRisks(cli, name)
        const changed = await cli.api.call('PUT', '/actions/:action/risk', {
          params: { action: name },
          body: { risk },
        })
        cli.say(text`${green('✓')} ${bold(changed.name)} is ${riskWord(changed.risk)}`)
        cli.answer(changed, () => [])
      },
    )
}

async function acceptRisks(cli: Cli, name: string): Promise<void> {
  const { actions } = await cli.api.call('GET', '/resources/:name', { params: { name } })
  const proposed = actions.filter(({ risk_proposed }) => risk_proposed)
  if (proposed.length === 0)
    throw new CommandFailure(`No risk class of ${name} is proposed`, {
      next: [`remit resources show ${name}`],
    })
  // INVARIANT: whoever accepts has had it before their eyes, and what is sent is what was shown.
  const rows = proposed.map((each) => [bold(each.name), riskWord(each.risk)])
  cli.say(...table(['ACTION', 'RISK'], rows, cli.width), '')
  const risks = proposed.map(({ name: action, risk }) => ({ action, risk }))
  const answer = await cli.api.call('POST', '/resources/:name/risks/accept', {
    params: { name },
    body: { risks },
  })
  const what = risks.length === 1 ? 'risk class' : 'risk classes'
  cli.say(text`${green('✓')} ${risks.length} ${what} of ${bold(name)} accepted`)
  cli.answer(answer, () => [])
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
      const changed = await cli.api.call('PUT', '/actions/:action/sentence', {
        params: { action },
        body: { sentence },
      })
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
        const changed = await cli.api.call('PUT', `/actions/:action/${mark}` as const, {
          params: { action },
          body: { path: path ?? null },
        })
        cli.say(
          path === undefined
            ? text`${green('✓')} ${bold(changed.name)} has no ${mark} any more`
            : text`${green('✓')} ${bold(changed.name)} ${words} ${path}`,
        )
        cli.answer(changed, () => [])
      },
    )
}
