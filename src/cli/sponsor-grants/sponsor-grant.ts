import { facts, indented } from '../../lib/terminal/table.ts'
import { bold, dim, green, type Text, text, type Value, yellow } from '../../lib/terminal/text.ts'
import { moment, relative } from '../../lib/terminal/time.ts'
import { nextInWords, type SponsorGrantAnswer, standing } from '../../operations/sponsor-grants.ts'
import { detailLines } from '../authority.ts'
import type { Cli } from '../cli.ts'
import { adding, inAny, type LimitJson } from '../limit.ts'
import { named } from '../person.ts'
import { rateInWords, scheduleInWords } from './terms.ts'

export async function showGrant(cli: Cli, grant: SponsorGrantAnswer): Promise<void> {
  const details = await detailLines(grant.details)
  const delegates = await delegateLines(grant)
  cli.answer(grant, () => [
    bold(grant.purpose),
    ...indented(facts(factsOf(cli, grant), cli.room)),
    '',
    bold('What its tasks may do'),
    ...indented(details.length === 0 ? [dim('nothing')] : details),
    '',
    bold('What they may hand on'),
    ...indented(delegates),
  ])
}

function factsOf(cli: Cli, grant: SponsorGrantAnswer): readonly (readonly [string, Value])[] {
  const { rate, schedule } = grant
  return [
    ['id', grant.id],
    ['agent', grant.agent],
    ['sponsor', named(grant.sponsor_name, grant.sponsor)],
    ['state', standingInFull(grant)],
    ['when', schedule ? scheduleInWords(schedule) : 'at any time'],
    ['at most', rate ? rateInWords(rate) : ''],
    ...grant.budget.map((limit): [string, Value] => ['budget', limitOf(limit)]),
    ['opened', openedInWords(cli, grant)],
    ['next', nextInWords(grant, { dim, moment, now: () => cli.now })],
    ...ended(cli, grant),
  ]
}

function ended(
  cli: Cli,
  { ended_at: at, expires_at }: SponsorGrantAnswer,
): readonly (readonly [string, Value])[] {
  if (at !== null) return [['ended', text`${moment(at)}, ${relative(at, cli.now)}`]]
  return [['ends', text`${moment(expires_at)}, ${relative(expires_at, cli.now)}`]]
}

const STOPPED_BY = {
  sponsor: ': the sponsor does not answer for the agent any more',
  agent: ': the agent may not work',
} as const

function standingInFull(grant: SponsorGrantAnswer): Text {
  const { in_force, stopped_by } = grant
  return text`${standing(grant, { dim, green, yellow })}${in_force && stopped_by !== null ? STOPPED_BY[stopped_by] : ''}`
}

function limitOf(limit: LimitJson): Value {
  const { action, kind, most } = limit
  if (kind !== 'calls') return text`${most} of each task, ${adding(limit)}${inAny(limit)}`
  const only = action === undefined ? '' : text` of ${action}`
  return text`${most} calls${only}${inAny(limit)} of each task`
}

function openedInWords(cli: Cli, { last_opened_at: last, opened }: SponsorGrantAnswer): Value {
  if (last === null) return dim('no task yet')
  return `${opened} ${opened === 1 ? 'task' : 'tasks'}, last ${relative(last, cli.now)}`
}

async function delegateLines({ may_delegate }: SponsorGrantAnswer): Promise<readonly Text[]> {
  if (may_delegate === null) return [dim('whatever they may do themselves')]
  return may_delegate.length === 0 ? [dim('nothing')] : detailLines(may_delegate)
}
