import { type RequestPage, requestList } from '../approval/approvals-page.ts'
import { type BreakGlassItem, standingBadge } from '../approval/break-glass-page.ts'
import { type DecisionItem, decisionTable } from '../decision/decision-words.ts'
import type { TitleOf } from '../frame/authority.ts'
import { documentOf, type Viewer } from '../frame/document.ts'
import { type Html, html } from '../frame/html.ts'
import { badge, commandHtml, empty, notice } from '../frame/pieces.ts'
import { marked, show } from '../frame/show.ts'
import { duration, when } from '../frame/time.ts'
import { type SponsorGrantItem, sponsorGrantList } from '../task/sponsor-grant-list.ts'
import { type TaskItem, taskList } from '../task/tasks-page.ts'

/** An agent that asks to act for the viewer. */
export interface ConsentItem {
  readonly id: string
  readonly agent: string
  readonly purpose: string
  readonly expiresAt: number
}

/** A call that was permitted, for those who had to be told. */
export interface NoticeItem {
  readonly text: string
  readonly agent: string
  readonly at: number
}

/** An agent of the viewer that they have to stand by again. */
export interface RecertifyItem {
  readonly id: string
  readonly until: number
  /** True if it stopped because it was not recertified. */
  readonly stopped: boolean
}

/** One thing an administrator sets up once. */
export interface SetupStep {
  readonly done: boolean
  readonly title: string
  readonly text: string
  readonly command: string
}

export interface HomeView {
  readonly now: number
  readonly viewer: Viewer
  /** The first of those that wait. */
  readonly waiting: RequestPage
  readonly consents: readonly ConsentItem[]
  readonly running: readonly TaskItem[]
  /** Sponsor grants, by which agents work while the viewer is away. */
  readonly sponsored: readonly SponsorGrantItem[]
  readonly titleOf: TitleOf
  readonly decisions: readonly DecisionItem[]
  /** Calls that the viewer had to be told of. */
  readonly notices: readonly NoticeItem[]
  /** Approvals that people gave alone, which the viewer has to review. */
  readonly reviews: readonly BreakGlassItem[]
  /** Agents of the viewer whose date is near or past. */
  readonly recertify: readonly RecertifyItem[]
  /** Steps for administrators, until all of it is done. */
  readonly setup: readonly SetupStep[]
  /** Number of definitions that wait for the word of administrators. */
  readonly definitions: number
}

function heading({ consents, definitions, recertify, reviews, viewer }: HomeView): string {
  const count = viewer.waiting + consents.length + recertify.length + reviews.length + definitions
  if (count === 0) return 'Nothing needs your attention'
  return count === 1 ? 'One thing needs your attention' : `${count} things need your attention`
}

function consentList(items: readonly ConsentItem[], now: number): Html {
  return html`<ul class="list">${items.map(
    (
      item,
    ) => html`<li class="item"><p class="what"><a href="/consent/${item.id}">${show(item.agent)} asks to act for you</a></p>
<p>“${show(item.purpose)}”</p><p class="meta">${badge('Consent')}<span>${duration(item.expiresAt - now)} left</span></p></li>`,
  )}</ul>`
}

function reviewList(items: readonly BreakGlassItem[], now: number): Html {
  return html`<ul class="list">${items.map(
    (item) =>
      html`<li class="item"><p class="what"><a href="/break-glass/${item.id}">${marked(item.sentence)}</a></p><p class="meta">${standingBadge(item, now)}<span>approved alone by ${show(item.who)}</span><span>due ${when(item.reviewDueAt, now)}</span></p></li>`,
  )}</ul>`
}

function noticeList(items: readonly NoticeItem[], now: number): Html {
  return html`<section aria-labelledby="told"><h2 id="told">For your information</h2>
<ul class="list">${items.map(
    (item) =>
      html`<li class="item"><p class="what">${show(item.text)}</p><p class="meta">${badge('Permitted')}<span>${show(item.agent)}, ${duration(now - item.at)} ago</span></p></li>`,
  )}</ul></section>`
}

function recertifyList(items: readonly RecertifyItem[], now: number): Html {
  return html`<section aria-labelledby="recertify"><h2 id="recertify">Are these agents of yours still wanted?</h2>
<ul class="list">${items.map(
    ({ id, until, stopped }) =>
      html`<li class="item"><p class="what">${show(id)}</p><p class="meta">${badge(stopped ? 'Stopped' : 'Recertify')}<span>${until > now ? `stops in ${duration(until - now)}` : 'its date has passed'}</span></p>${commandHtml(`remit agents recertify ${id}`)}</li>`,
  )}</ul></section>`
}

function setup(steps: readonly SetupStep[]): Html | false {
  const open = steps.filter(({ done }) => !done)
  if (open.length === 0) return false
  return html`<section class="card" aria-labelledby="setup"><h2 id="setup">Set up Remit</h2>
<p class="soft">On the command line, after <code>remit login</code>:</p>
<ol class="steps">${steps.map(
    (step) =>
      html`<li class="step${step.done ? ' done' : ''}"><div class="stack"><h3>${step.title}${step.done && html` ${badge('Done', 'good')}`}</h3>${!step.done && html`<p>${step.text}</p>${commandHtml(step.command)}`}</div></li>`,
  )}</ol></section>`
}

export function homePage(view: HomeView): string {
  const { waiting, consents, running, decisions, now } = view
  const body = html`<div class="head"><h1>${heading(view)}</h1></div>
${consents.length > 0 && consentList(consents, now)}
${waiting.items.length > 0 && requestList(waiting.items, now)}${waiting.later !== undefined && html`<p><a href="/approvals">All ${view.viewer.waiting} that wait for your answer</a></p>`}
${view.notices.length > 0 && noticeList(view.notices, now)}
${view.reviews.length > 0 && html`<section aria-labelledby="reviews"><h2 id="reviews">Break-glass: your review is missing</h2>${reviewList(view.reviews, now)}</section>`}
${view.recertify.length > 0 && recertifyList(view.recertify, now)}
${view.definitions > 0 && notice('warn', view.definitions === 1 ? 'A definition changed' : `${view.definitions} definitions changed`, html`<p>Calls wait until an administrator has looked: <a href="/definitions">what changed</a></p>`)}
${setup(view.setup)}
<section aria-labelledby="running"><h2 id="running">Working for you now</h2>
${running.length > 0 ? taskList(running, now) : empty('No agent is working for you', 'When one opens a task on your behalf, you can follow it and end it here.')}</section>
<section aria-labelledby="sponsored"><h2 id="sponsored">Working while you are away</h2>
${sponsorGrantList(view.sponsored, view)}</section>
<section aria-labelledby="decided"><h2 id="decided">Recent decisions</h2>
${decisions.length > 0 ? html`<div class="card">${decisionTable('Recent decisions', decisions, now)}</div>` : empty('Nothing decided yet', 'Each call that an agent makes for you is decided when it is made. The decisions and their reasons are listed here.')}</section>
${view.viewer.administrator && html`<p class="soft">For administrators: <a href="/providers">see what an identity provider says of people</a></p>`}`
  return documentOf({ title: 'Home', body, viewer: view.viewer, current: 'home' })
}
