import type { Command } from 'commander'
import { bold, dim, green, red, text } from '../../lib/terminal/text.ts'
import { command, type Start } from '../command.ts'
import { CommandFailure } from '../failure.ts'

/** `remit ledger state` */
export function stateCommand(start: Start): Command {
  return command('state', 'Whether the ledger contains everything that was signed.', [
    'remit ledger state',
  ]).action(async (_options: object, invoked: Command) => {
    const cli = await start(invoked)
    const state = await cli.api.call('GET', '/ledger/state', {})
    cli.answer(state, () => [])
    const found = state.break
    if (!found) {
      cli.say(
        state.consistent
          ? text`${green('✓')} all ${bold(state.size)} records are those that were signed`
          : text`${red('✗')} the database failed over, and is being compared; ask again in a moment`,
      )
      return
    }
    cli.say(
      text`${red('✗')} nothing is permitted: ${found.detail}`,
      dim(`  found ${found.found_at}, at ${found.size} records`),
      dim(
        found.common_at === null
          ? '  nothing that was signed is known to be there'
          : `  everything up to ${found.common_at} is there (${found.common_size} records); what came later may be missing`,
      ),
      dim(`  once you know why: remit ledger accept ${found.history}`),
    )
  })
}

/** `remit ledger accept 1` */
export function acceptCommand(start: Start): Command {
  return command(
    'accept',
    'Goes on without records that were signed and are missing. Closes every open task and voids every approval.',
    ['remit ledger state', 'remit ledger accept 1'],
  )
    .argument('<history>', 'the number that `remit ledger state` names')
    .option('--yes', 'do not ask')
    .action(async (given: string, options: { yes?: true }, invoked: Command) => {
      const cli = await start(invoked)
      if (!/^[1-9]\d{0,8}$/.test(given))
        throw new CommandFailure('That is no number of a history', {
          detail: 'it is the number that `remit ledger state` names',
        })
      const sure =
        options.yes ||
        (await cli.world.askYes('Close every open task and void every approval, and go on?'))
      if (!sure)
        throw new CommandFailure('Nothing was changed', {
          detail: 'it was not confirmed; use `--yes` to skip the question',
        })
      const body = { history: Number(given) }
      const done = await cli.api.call('POST', '/ledger/break/accept', { body })
      cli.answer(done, () => [])
      cli.say(
        text`${green('✓')} closed ${bold(done.closed_tasks)} tasks, voided ${bold(done.voided_requests)} access requests, ended ${bold(done.ended_allowances)} standing answers`,
        dim(
          '  what was suspended, revoked or withdrawn in the time that is missing has to be so again',
        ),
      )
    })
}
