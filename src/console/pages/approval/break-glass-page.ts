import type { BreakGlass } from '../../../approvals/approvals/break-glass/index.ts'
import { csrfField, documentOf, NO_SETTINGS, type Viewer } from '../frame/document.ts'
import { type Html, html } from '../frame/html.ts'
import { badge, facts, notice, table } from '../frame/pieces.ts'
import { asSentence, MAX_HEADING, marked, show } from '../frame/show.ts'
import { clockTime, when } from '../frame/time.ts'

/** Approval given alone, with the names of people. `sentence` has been through `visible`. */
export interface BreakGlassItem extends BreakGlass {
  readonly who: string
  readonly reviewer: string
  readonly sentence: string
}

export interface BreakGlassView {
  readonly now: number
  readonly viewer: Viewer
  readonly item: BreakGlassItem
  readonly agent: string
  readonly person: string
  /** True when the viewer may review it. */
  readonly mayReview: boolean
  /** Words about what became of the call. */
  readonly outcome: string
  readonly mistake?: string | undefined
}

/** Page of one approval given alone: the call, the reason, the outcome, and the review. */
export function breakGlassPage(view: BreakGlassView): string {
  const { item, now, viewer } = view
  const { zone } = viewer.settings ?? NO_SETTINGS
  const body = html`<div class="head"><p class="eyebrow">${standingBadge(item, now)}<span>Break-glass ${when(item.openedAt, now, zone)}</span></p>
<h1 class="sentence">${marked(item.sentence, MAX_HEADING)}</h1></div>
${view.mistake !== undefined && notice('bad', 'Not reviewed', html`<p>${asSentence(view.mistake)}</p>`)}
<section class="card" aria-labelledby="what"><h2 id="what">What happened</h2>${facts([
    ['Approved alone by', show(item.who)],
    ['They wrote', show(item.reason)],
    ['Agent', html`${show(view.agent)} <span class="soft">for ${show(view.person)}</span>`],
    ['Good until', clockTime(item.endsAt, now, zone)],
    ['The call', view.outcome],
  ])}<p><a href="/approvals/${item.requestId}">Exactly what was approved</a></p></section>
<section class="card" aria-labelledby="review"><h2 id="review">Review</h2>${review(view, zone)}</section>`
  return documentOf({ title: 'Break-glass', body, viewer, current: 'approvals' })
}

function review({ item, mayReview, now, viewer }: BreakGlassView, zone: string): Html {
  if (item.reviewedAt !== null)
    return facts([
      ['Found', VERDICTS[item.verdict ?? 'not_justified']],
      [
        'By',
        html`${show(item.reviewer)} <span class="soft">${when(item.reviewedAt, now, zone)}</span>`,
      ],
      ['They wrote', show(item.note ?? '')],
    ])
  const due = html`<p>Due by ${clockTime(item.reviewDueAt, now, zone)}. If it is missed, ${show(item.who)} approves nothing alone until it is done.</p>`
  if (!mayReview)
    return html`${due}<p class="soft">An administrator reviews it who neither approved the call nor had it made.</p>`
  return html`${due}<form method="post" action="/break-glass/${item.id}">${csrfField(viewer)}
<div class="field"><label for="note">What you found <span class="hint">${show(item.who)} is told</span></label>
<textarea id="note" name="note" required maxlength="500" rows="3" autocomplete="off"></textarea></div>
<p class="soft">A review ends the approval if it is not used yet. To take the right away, take them out of the group.</p>
<div class="actions"><button class="primary" name="verdict" value="justified">It was justified</button><button class="danger" name="verdict" value="not_justified">It was not justified</button></div></form>`
}

const VERDICTS = { justified: 'Justified', not_justified: 'Not justified' } as const

export function standingBadge({ reviewDueAt, verdict }: BreakGlassItem, now: number): Html {
  if (verdict !== null) return badge(VERDICTS[verdict], verdict === 'justified' ? 'good' : 'bad')
  return reviewDueAt <= now ? badge('Review missed', 'bad') : badge('Review open', 'warn')
}

/** List of administrators, the latest first. */
export function breakGlassTable(items: readonly BreakGlassItem[], now: number): Html {
  return table(
    'Approvals that people gave alone, the latest first',
    ['Call', 'By', 'When', 'Review'],
    items.map((item) => [
      html`<a href="/break-glass/${item.id}">${marked(item.sentence)}</a>`,
      show(item.who),
      when(item.openedAt, now),
      html`${standingBadge(item, now)}${item.verdict === null && html` <span class="soft">due ${when(item.reviewDueAt, now)}</span>`}`,
    ]),
  )
}
