import { type AllowanceItem, allowanceList } from '../allowance/allowance-list.ts'
import { documentOf, type Viewer } from '../frame/document.ts'
import { type Html, html } from '../frame/html.ts'
import { badge, empty } from '../frame/pieces.ts'
import { marked, show } from '../frame/show.ts'
import { duration, when } from '../frame/time.ts'
import { RISK, type RiskName } from './approval-page.ts'

/** A request in a list. `sentence` has been through `visible`. */
export interface RequestItem {
  readonly id: string
  readonly sentence: string
  readonly risk: RiskName
  readonly agent: string
  readonly person: string
  readonly createdAt: number
  readonly expiresAt: number
}

export interface ApprovalsView {
  readonly now: number
  readonly viewer: Viewer
  readonly mine: readonly RequestItem[]
  /** Those that agents made on the viewer's behalf and that others answer. */
  readonly others: readonly RequestItem[]
  /** Standing answers in force that concern the viewer. */
  readonly standing: readonly AllowanceItem[]
}

export function requestList(items: readonly RequestItem[], now: number): Html {
  return html`<ul class="list">${items.map((item) => {
    const [risk, tone] = RISK[item.risk]
    return html`<li class="item"><p class="what"><a href="/approvals/${item.id}">${marked(item.sentence)}</a></p>
<p class="meta">${badge(risk, tone)}<span>${show(item.agent)} for ${show(item.person)}</span><span>asked ${when(item.createdAt, now)}</span><span>${duration(item.expiresAt - now)} left</span></p></li>`
  })}</ul>`
}

export function approvalsPage(view: ApprovalsView): string {
  const { mine, others, now, standing } = view
  const body = html`<div class="head"><h1>Approvals</h1><p class="lead">What a policy does not let happen without a person: calls, and tasks and tokens that are to be given.</p></div>
<section aria-labelledby="mine"><h2 id="mine">Waiting for you</h2>
${mine.length > 0 ? requestList(mine, now) : empty('Nothing waits for your answer', 'When an agent wants to do something that you are asked about, it is here. No answer means no.')}</section>
${others.length > 0 && html`<section aria-labelledby="others"><h2 id="others">Asked on your behalf</h2><p class="soft">Someone else has to look at these.</p>${requestList(others, now)}</section>`}
${standing.length > 0 && html`<section aria-labelledby="standing"><h2 id="standing">Standing answers</h2><p class="soft">Calls that go through without asking, because someone said so for more than once.</p>${allowanceList(standing, view)}</section>`}`
  return documentOf({ title: 'Approvals', body, viewer: view.viewer, current: 'approvals' })
}
