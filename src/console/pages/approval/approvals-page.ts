import type { Risk } from '@remit/engine'
import type { AnswerFigures } from '../../../tasks/approval-desk/index.ts'
import { type AllowanceItem, allowanceList } from '../allowance/allowance-list.ts'
import { documentOf, type Viewer } from '../frame/document.ts'
import { type Html, html } from '../frame/html.ts'
import { badge, empty } from '../frame/pieces.ts'
import { marked, show } from '../frame/show.ts'
import { duration, when } from '../frame/time.ts'
import { RISK } from './approval-page.ts'

/** A request in a list. `sentence` has been through `visible`. */
export interface RequestItem {
  readonly id: string
  readonly sentence: string
  readonly risk: Risk
  readonly agent: string
  readonly person: string
  /** Person in whose place the viewer would answer. */
  readonly absent: string | undefined
  readonly createdAt: number
  readonly expiresAt: number
}

/** A part of a list that is oldest first, and where it goes on. */
export interface RequestPage {
  readonly items: readonly RequestItem[]
  readonly earlier?: string | undefined
  readonly later?: string | undefined
}

export interface ApprovalsView {
  readonly now: number
  readonly viewer: Viewer
  readonly mine: RequestPage
  /** Requests that agents made on the viewer's behalf and that others answer. */
  readonly others: RequestPage
  /** Agents that ask the viewer, and how much, those with the fewest first. */
  readonly agents: readonly { readonly id: string; readonly name: string; readonly count: number }[]
  /** The one whose questions are shown; all of them when there is none. */
  readonly agent: string | undefined
  /** Allowances in force that concern the viewer. */
  readonly allowances: readonly AllowanceItem[]
  /** Counts of the viewer's own answers; `undefined`: there are none. */
  readonly figures: AnswerFigures | undefined
}

export function requestList(items: readonly RequestItem[], now: number): Html {
  return html`<ul class="list">${items.map((item) => {
    const [risk, tone] = RISK[item.risk]
    return html`<li class="item"><p class="what"><a href="/approvals/${item.id}">${marked(item.sentence)}</a></p>
<p class="meta">${badge(risk, tone)}${item.absent !== undefined && html`<span>you answer for ${show(item.absent)}</span>`}<span>${show(item.agent)} for ${show(item.person)}</span><span>asked ${when(item.createdAt, now)}</span><span>${duration(item.expiresAt - now)} left</span></p></li>`
  })}</ul>`
}

function requestPage(page: RequestPage, now: number): Html {
  const { earlier, items, later } = page
  const along =
    (earlier !== undefined || later !== undefined) &&
    html`<nav class="pager" aria-label="Pages">${earlier !== undefined && html`<a href="${earlier}">← Asked earlier</a>`}${later !== undefined && html`<a href="${later}">Asked later →</a>`}</nav>`
  return html`${requestList(items, now)}${along}`
}

/** Links for several agents that ask: one that asks much hides no other. */
function agentLinks({ agent, agents }: ApprovalsView): Html | false {
  if (agents.length < 2) return false
  const all = agents.reduce((sum, { count }) => sum + count, 0)
  const item = (href: string, name: Html, count: number, current: boolean) =>
    html`<li><a href="${href}"${current && html` aria-current="true"`}>${name} <span class="count">${count}</span></a></li>`
  return html`<nav aria-label="By agent"><ul class="pills">${item('/approvals', html`All`, all, agent === undefined)}${agents.map(({ count, id, name }) => item(`/approvals?agent=${encodeURIComponent(id)}`, show(name), count, id === agent))}</ul></nav>`
}

export function approvalsPage(view: ApprovalsView): string {
  const { agent, allowances, figures, mine, others, now } = view
  const body = html`<div class="head"><h1>Approvals</h1><p class="lead">Calls, tasks and tokens that policies let through only after a person has approved them.</p></div>
<section aria-labelledby="mine"><h2 id="mine">Waiting for you</h2>
${agentLinks(view)}${mine.items.length > 0 ? requestPage(mine, now) : agent !== undefined ? empty('This agent asks you nothing', html`<a href="/approvals">Everything that waits for you</a>`) : empty('Nothing waits for your answer', 'When an agent wants to do something that you are asked about, it is here. No answer means no.')}</section>
${others.items.length > 0 && html`<section aria-labelledby="others"><h2 id="others">Asked on your behalf</h2><p class="soft">Someone else has to look at these.</p>${requestPage(others, now)}</section>`}
${allowances.length > 0 && html`<section aria-labelledby="allowances"><h2 id="allowances">Allowances</h2><p class="soft">Calls that go through without asking, because someone said so for more than once.</p>${allowanceList(allowances, view)}</section>`}
${figures && html`<p class="soft small">Your answers in the last 30 days: ${figures.answers}, of which ${figures.approved} approved; ${figures.hasty} of ${figures.timed} came within 3 s of opening the page, and at most ${figures.busiestHour} in one hour.</p>`}`
  return documentOf({ title: 'Approvals', body, viewer: view.viewer, current: 'approvals' })
}
