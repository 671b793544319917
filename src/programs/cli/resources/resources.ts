import { RISKS } from '@remit/engine/risk'
import { Argument, type Command } from 'commander'
import { RESOURCES } from '../../../console/api-operations/resources/resources.ts'
import type { Terminal } from '../../../console/operation-kit/terminal.ts'
import { bold, green, text } from '../../../platform/lib/terminal/text.ts'
import type { Cli } from '../cli.ts'
import { command, type Start } from '../command.ts'
import { CommandFailure, usage } from '../failure.ts'
import { nounCommand } from '../operations/noun.ts'
import { importCommand } from './import.ts'
import { reviewCommand } from './review.ts'

/** `remit resources …`; commands of more than one operation are written by hand. */
export const resourcesCommand = nounCommand(RESOURCES, [importCommand, reviewCommand, riskCommand])

/** `remit resources risk ACTION CLASS`, `remit resources risk API --accept` */
function riskCommand(start: Start, terminal: Terminal): Command {
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
        if (risk === undefined) return acceptRisks(cli, name, terminal)
        const changed = await cli.api.call('PUT', '/actions/:action/risk', {
          params: { action: name },
          body: { risk },
        })
        cli.say(text`${green('✓')} ${bold(changed.name)} is ${terminal.risk(changed.risk)}`)
        cli.answer(changed, () => [])
      },
    )
}

async function acceptRisks(cli: Cli, name: string, { risk, table }: Terminal): Promise<void> {
  const { actions } = await cli.api.call('GET', '/resources/:name', { params: { name } })
  const proposed = actions.filter(({ risk_proposed }) => risk_proposed)
  if (proposed.length === 0)
    throw new CommandFailure(`No risk class of ${name} is proposed`, {
      next: [`remit resources show ${name}`],
    })
  // INVARIANT: the sent definitions are those shown to the person who accepts them.
  cli.say(
    ...table(proposed, { ACTION: (each) => bold(each.name), RISK: (each) => risk(each.risk) }),
    '',
  )
  const risks = proposed.map(({ name: action, risk }) => ({ action, risk }))
  const answer = await cli.api.call('POST', '/resources/:name/risks/accept', {
    params: { name },
    body: { risks },
  })
  const what = risks.length === 1 ? 'risk class' : 'risk classes'
  cli.say(text`${green('✓')} ${risks.length} ${what} of ${bold(name)} accepted`)
  cli.answer(answer, () => [])
}
