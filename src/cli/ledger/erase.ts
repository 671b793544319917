import { type Command, InvalidArgumentError, Option } from 'commander'
import { bold, dim, green, text } from '../../lib/terminal/text.ts'
import { command, type Start } from '../command.ts'
import { CommandFailure, usage } from '../failure.ts'
import type { InputOf } from '../server/operation-types.ts'

interface EraseOptions {
  readonly position?: readonly number[]
  readonly why: InputOf<'POST', '/ledger/erase'>['body']['why']
  readonly yes?: true
}

/** `remit ledger erase dec_…` */
export function eraseCommand(start: Start): Command {
  return command(
    'erase',
    'Erases the values beside records: arguments, addresses, words. For ever; the tree still verifies.',
    [
      'remit ledger erase dec_… --why requested',
      'remit ledger erase --position 120 --position 121 --why retention',
    ],
  )
    .argument('[decision]', 'everything that was recorded about it')
    .option('--position <number>', 'a record, by its place in the ledger; repeat it', positions)
    .addOption(
      new Option(
        '--why <why>',
        'somebody asked for it, its time is over, or it should not be there',
      )
        .choices(['requested', 'retention', 'mistake'])
        .makeOptionMandatory(),
    )
    .option('--yes', 'do not ask')
    .action(async (decision: string | undefined, options: EraseOptions, invoked: Command) => {
      const cli = await start(invoked)
      const { position, why, yes } = options
      if ((decision === undefined) === (position === undefined))
        throw usage('either a decision, or --position', 'remit ledger erase --help')
      const what = decision ?? `records ${position?.join(', ')}`
      const sure = yes || (await cli.world.askYes(`Erase the values of ${what}, for ever?`))
      if (!sure)
        throw new CommandFailure('Nothing was erased', {
          detail: 'it was not confirmed; use `--yes` to skip the question',
        })
      const body = { why, positions: position, decision }
      const answer = await cli.api.call('POST', '/ledger/erase', { body })
      cli.answer(answer, () => [])
      cli.say(
        text`${green('✓')} erased what ${bold(answer.erased)} of ${answer.positions.length} records had beside them`,
        dim('  the tree and its proofs stay as they are; that it was done is recorded'),
      )
    })
}

function positions(given: string, before: readonly number[] = []): readonly number[] {
  const number = Number(given)
  if (!/^\d{1,15}$/.test(given)) throw new InvalidArgumentError('a number from 0')
  return [...before, number]
}
