import type { Detail } from '@remit/engine'
import type { Limit } from '../../../tasks/budgets/index.ts'
import type { Rate } from '../../../tasks/sponsorship/index.ts'
import {
  answersInWords,
  argumentInWords,
  detailsInWords,
  type TitleOf,
} from '../frame/authority.ts'
import { csrfField, type Viewer } from '../frame/document.ts'
import { type Html, html } from '../frame/html.ts'
import { badge, empty, facts } from '../frame/pieces.ts'
import { show } from '../frame/show.ts'
import { duration, when } from '../frame/time.ts'

/** Sponsor grant as people look at it: it lets an agent work while no person is present. */
export interface SponsorGrantItem {
  readonly id: string
  readonly agent: string
  readonly purpose: string
  readonly details: readonly Detail[]
  /** `null`: what its tasks may do. */
  readonly mayDelegate: readonly Detail[] | null
  /** Limits of each task under the grant. */
  readonly budget: readonly Limit[]
  /** Schedule in words; `undefined`: at any time. */
  readonly schedule: string | undefined
  readonly rate: Rate | null
  /** Person who gave it; `undefined`: the viewer. */
  readonly sponsor: string | undefined
  readonly opened: number
  readonly lastOpenedAt: number | null
  /** `null`: not any more, as things stand. */
  readonly nextOpeningAt: number | null
  readonly expiresAt: number
  readonly stoppedBy: 'sponsor' | 'agent' | null
}

interface ListContext {
  readonly now: number
  readonly viewer: Viewer
  readonly titleOf: TitleOf
}

export function sponsorGrantList(items: readonly SponsorGrantItem[], seen: ListContext): Html {
  if (items.length === 0) {
    return empty(
      'No agent works by itself for you',
      html`The owner of an agent can let it open tasks with no person present, until a day they set: <code>remit sponsor-grants grant</code>`,
    )
  }
  return html`<ul class="list">${items.map((item) => card(item, seen))}</ul>`
}

function card(item: SponsorGrantItem, seen: ListContext): Html {
  const { agent, id, purpose, stoppedBy } = item
  return html`<li class="card" id="${id}"><div class="head"><p class="eyebrow">${stoppedBy === null ? badge('In force', 'good') : badge('Stopped', 'warn')}<span>${show(agent)}</span></p>
<h3>“${show(purpose)}”</h3>${stoppedBy !== null && html`<p class="soft">${why(item, stoppedBy)}</p>`}</div>
${detailsInWords(item.details, seen.titleOf)}
${facts(sponsorGrantRows(item, seen))}
<form method="post" action="/sponsor-grants/${id}/end">${csrfField(seen.viewer)}<div class="actions"><button class="danger">End it</button><span class="soft small">Ends every task under it, at once.</span></div></form></li>`
}

function why({ agent, sponsor }: SponsorGrantItem, stoppedBy: 'sponsor' | 'agent'): Html {
  if (stoppedBy === 'agent') return html`It opens nothing: ${show(agent)} may not work.`
  return html`It opens nothing: ${sponsor === undefined ? 'you no longer answer' : html`${show(sponsor)} no longer answers`} for ${show(agent)}.`
}

function sponsorGrantRows(
  item: SponsorGrantItem,
  { now, titleOf }: ListContext,
): Parameters<typeof facts>[0] {
  const { budget, expiresAt, mayDelegate, sponsor } = item
  return [
    ['Opens tasks', terms(item)],
    ['Budget of each', budget.length > 0 && limits(budget)],
    ['Hands on', handsOn(mayDelegate, titleOf)],
    ['So far', soFar(item, now)],
    ['Next', next(item, now)],
    ['Ends by itself', when(expiresAt, now)],
    ['Given by', sponsor === undefined ? 'You' : show(sponsor)],
  ]
}

function terms({ rate, schedule }: SponsorGrantItem): Html {
  const often = rate && `at most ${rate.tasks} in ${duration(rate.seconds * 1000)}`
  const when = schedule ?? 'at any time'
  return html`${often ? `${when}, ${often}` : when}`
}

function limits(budget: readonly Limit[]): Html {
  return html`<ul class="lines">${budget.map((limit) => html`<li>${limitInWords(limit)}</li>`)}</ul>`
}

function limitInWords(limit: Limit): Html {
  const any = limit.seconds !== undefined && ` in any ${duration(limit.seconds * 1000)}`
  if (limit.kind === 'sum')
    return html`${limit.most}, adding up ${show(argumentInWords(limit.path))} of <code>${limit.action}</code>${any}`
  if (limit.kind === 'charged' || limit.kind === 'rows')
    return html`${limit.most}, ${answersInWords(limit)}${any}`
  return html`${limit.most} calls${limit.action !== undefined && html` of <code>${limit.action}</code>`}${any}`
}

function handsOn(mayDelegate: SponsorGrantItem['mayDelegate'], titleOf: TitleOf): Html | string {
  if (mayDelegate === null) return 'What it may do itself'
  return mayDelegate.length === 0 ? 'Nothing' : detailsInWords(mayDelegate, titleOf)
}

function soFar({ lastOpenedAt, opened }: SponsorGrantItem, now: number): Html | string {
  if (lastOpenedAt === null) return 'No task yet'
  return html`${opened} ${opened === 1 ? 'task' : 'tasks'}, the last ${when(lastOpenedAt, now)}`
}

function next({ nextOpeningAt }: SponsorGrantItem, now: number): Html | string {
  if (nextOpeningAt === null) return 'No more, as things stand'
  return nextOpeningAt <= now ? 'At any moment' : html`Not before ${when(nextOpeningAt, now)}`
}
