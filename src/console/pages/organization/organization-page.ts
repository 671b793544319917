import type { AnswerFigures } from '../../../tasks/approval-desk/index.ts'
import { requestList } from '../approval/approvals-page.ts'
import { breakGlassTable } from '../approval/break-glass-page.ts'
import { decisionTable } from '../decision/decision-words.ts'
import { documentOf, type Viewer } from '../frame/document.ts'
import { type Html, html } from '../frame/html.ts'
import { badge, empty, table } from '../frame/pieces.ts'
import { show } from '../frame/show.ts'
import { taskList } from '../task/tasks-page.ts'
import { LISTS, type ListName, type OrganizationList } from './organization-lists.ts'

export interface OrganizationView {
  readonly now: number
  readonly viewer: Viewer
  readonly list: OrganizationList
  /** Id behind which the list goes on. */
  readonly next: string | undefined
}

/** Page of administrators: what waits, works, was refused and was answered. */
export function organizationPage(view: OrganizationView): string {
  const { list, next } = view
  const { name } = list
  const names = Object.keys(LISTS) as ListName[] // as: the keys of that very object
  const pills = names.map(
    (each) =>
      html`<li><a href="/organization?list=${each}"${each === name && html` aria-current="true"`}>${LISTS[each]}</a></li>`,
  )
  const body = html`<div class="head"><h1>Organization</h1><p class="lead">All agents and everybody they work for.</p></div>
<nav aria-label="Lists"><ul class="pills">${pills}<li><a href="/stand-ins/all">Stand-ins</a></li></ul></nav>
<section aria-labelledby="list"><h2 id="list">${LISTS[name]}</h2>${list.items.length === 0 ? emptyOf(view) : itemsOf(view)}
${next !== undefined && html`<nav class="pager" aria-label="Pages"><a href="/organization?list=${name}&after=${encodeURIComponent(next)}">Next →</a></nav>`}</section>`
  const { viewer } = view
  return documentOf({ title: LISTS[name], body, viewer, current: 'organization', width: 'wide' })
}

/** Title and text of each list without an entry. */
const EMPTY: Readonly<Record<ListName, readonly [string, Html | string]>> = {
  waiting: [
    'Nothing waits for a person',
    'A call, task or token that people are asked about is listed here until it is answered.',
  ],
  tasks: ['No task is open', 'A task is listed here from its opening until it ends.'],
  agents: ['No agent is registered', html`Register one: <code>remit agents add NAME</code>`],
  refusals: ['No call was refused', 'A call that is refused is listed here, with the reason.'],
  answers: [
    'No request was answered in the last 30 days',
    'For each person, the number of answers is listed here, and how fast they came.',
  ],
  'break-glass': [
    'No call was approved alone',
    'An approval that one person gives alone, in an emergency, is listed here, with its review.',
  ],
}

function emptyOf({ list, next }: OrganizationView): Html {
  if (next !== undefined)
    return empty('Nothing on this page', 'Older entries are on the next page.')
  return empty(...EMPTY[list.name])
}

function itemsOf({ list, now }: OrganizationView): Html {
  switch (list.name) {
    case 'waiting':
      return requestList(list.items, now)
    case 'tasks':
      return taskList(list.items, now)
    case 'refusals':
      return decisionTable('Refusals, the latest first', list.items, now)
    case 'agents':
      return table(
        'Agents by name',
        ['Agent', 'Owner', 'Status'],
        list.items.map(({ name, owner, status }) => [
          show(name),
          show(owner),
          badge(status, status === 'active' ? 'good' : 'warn'),
        ]),
      )
    case 'break-glass':
      return breakGlassTable(list.items, now)
    case 'answers':
      return html`${answersTable(list.items)}<p class="soft">The last 30 days. Many quick approvals say that people are asked too often: bound the tasks, or let a rule permit what is always approved.</p>`
  }
}

function answersTable(items: readonly (AnswerFigures & { readonly who: string })[]): Html {
  return table(
    'Answers to access requests',
    ['Who', 'Answers', 'Approved', 'Under 3 s', 'Most in an hour'],
    items.map(({ answers, approved, busiestHour, hasty, timed, who }) => [
      show(who),
      String(answers),
      `${Math.round((100 * approved) / answers)} %`,
      `${hasty} of ${timed}`,
      String(busiestHour),
    ]),
  )
}
