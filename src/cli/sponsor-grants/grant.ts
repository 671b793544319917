import type { Command } from 'commander'
import { bold, green, text } from '../../lib/terminal/text.ts'
import { readAllowed } from '../authority.ts'
import type { Cli } from '../cli.ts'
import { command, type Start } from '../command.ts'
import { readExpires } from '../expires.ts'
import { usage } from '../failure.ts'
import { readLimit } from '../limit.ts'
import type { InputOf } from '../server/operation-types.ts'
import { showGrant } from './sponsor-grant.ts'
import { type RateJson, rateInWords, readRate, readSchedule, USUAL_RATE } from './terms.ts'

interface GrantOptions {
  readonly purpose: string
  readonly action?: readonly string[]
  readonly detailsFile?: string
  readonly expires: string
  readonly schedule?: string
  readonly rate?: string
  readonly budget?: readonly string[]
  /** False: `--no-delegate`. */
  readonly delegate?: readonly string[] | false
  readonly delegateFile?: string
}

/** `remit sponsor-grants grant AGENT …` */
export function grantCommand(start: Start): Command {
  return command(
    'grant',
    'Lets an agent that you answer for open tasks while nobody is present, in your name and with your authority.',
    [
      'remit sponsor-grants grant night-clerk --purpose "nightly list of orders" --action orders.list --expires 30d',
      'remit sponsor-grants grant night-clerk --purpose "close the day" --action "orders.*" --expires 90d --schedule "mon-fri 22:00-06:00 Europe/Berlin" --rate 1/1d',
      'remit sponsor-grants grant refund-bot --purpose "small refunds" --details-file refunds.json --expires 7d --budget calls=50 orders.refund/amount=500.00 --no-delegate',
    ],
  )
    .argument('<agent>', 'an agent of yours; any, for administrators')
    .requiredOption('--purpose <text>', 'what its tasks are for, in your words')
    .requiredOption('--expires <time>', 'from now (30d, 12h), or a time (RFC 3339); a year at most')
    .option('--action <action...>', 'what they may do, without bounds; "orders.*" for all')
    .option('--details-file <file>', 'what they may do: details with bounds, as JSON')
    .option('--schedule <when>', 'days, hours and zone: "mon-fri 22:00-06:00 Europe/Berlin"')
    .option(
      '--rate <tasks/time>',
      `at most so many tasks in a time: 5/1h; ${rateInWords(USUAL_RATE)} when there is no schedule either`,
    )
    .option(
      '--budget <limit...>',
      'of each task: calls=20, orders.refund/amount=500.00; calls=20/1h for any hour',
    )
    .option('--delegate <action...>', 'the most they may hand on; else what they may do')
    .option('--delegate-file <file>', 'the most they may hand on: details with bounds, as JSON')
    .option('--no-delegate', 'they may hand on nothing')
    .action(async (agent: string, options: GrantOptions, invoked: Command) => {
      await grant(await start(invoked), agent, options)
    })
}

async function grant(cli: Cli, agent: string, options: GrantOptions): Promise<void> {
  const { action: actions, budget, detailsFile: file, expires, purpose, schedule } = options
  const terms = {
    expires_at: readExpires(expires, cli.now),
    ...(schedule === undefined ? {} : { schedule: readSchedule(schedule) }),
    ...rateOf(options),
    ...(budget === undefined ? {} : { budget: budget.map(readLimit) }),
  }
  const names = ['--action ACTION …', '--details-file FILE'] as const
  const details = await readAllowed(cli, { actions, file, options: names })
  const made = await cli.api.call('POST', '/sponsor-grants', {
    body: { agent, purpose, details, ...(await delegatesOf(cli, options)), ...terms },
  })
  cli.say(
    text`${green('✓')} ${bold(made.agent)} may work while nobody is present, in your name`,
    text`  end it with: remit sponsor-grants end ${made.id}`,
    '',
  )
  await showGrant(cli, made)
}

function rateOf({ rate, schedule }: GrantOptions): { readonly rate?: RateJson } {
  if (rate !== undefined) return { rate: readRate(rate) }
  return schedule === undefined ? { rate: USUAL_RATE } : {}
}

/** Left out: what was granted. */
async function delegatesOf(
  cli: Cli,
  { delegate, delegateFile: file }: GrantOptions,
): Promise<Pick<InputOf<'POST', '/sponsor-grants'>['body'], 'may_delegate'>> {
  if (delegate === false && file === undefined) return { may_delegate: [] }
  if (delegate === false) throw usage('Say --no-delegate or --delegate-file, not both')
  if (delegate === undefined && file === undefined) return {}
  const options = ['--delegate ACTION …', '--delegate-file FILE'] as const
  const details = await readAllowed(cli, { actions: delegate, file, options })
  return { may_delegate: details.map((detail) => ({ ...detail, type: 'remit_delegate' })) }
}
