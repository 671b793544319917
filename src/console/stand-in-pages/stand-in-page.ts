import {
  badge,
  clockTime,
  csrfField,
  documentOf,
  empty,
  type Html,
  html,
  notice,
  type RequiredSignIn,
  show,
  signInFirstNotice,
  type Visitor,
  zoneOf,
} from '../pages/index.ts'

/** A stand-in as a page shows it. */
export interface StandInItem {
  readonly id: string
  readonly away: string
  readonly standIn: string
  readonly startsAt: number
  readonly endsAt: number
}

/** Form as it was sent with a mistake. */
export interface StandInForm {
  readonly person: string
  readonly from: string
  readonly until: string
}

export interface StandInView {
  readonly now: number
  readonly viewer: Visitor['viewer']
  /** Stand-ins of the viewer, and those where the viewer stands in. */
  readonly mine: readonly StandInItem[]
  readonly held: readonly StandInItem[]
  /** Sign-in that is needed before one is named. */
  readonly first: RequiredSignIn | undefined
  readonly form: StandInForm
  /** True when naming a stand-in has to be signed, which the command line does. */
  readonly signed: boolean
  /** Today in the zone of the viewer, `2026-12-24`. */
  readonly today: string
  readonly mistake?: string | undefined
}

/** The page on which a person names who answers for them. */
export function standInPage(view: StandInView): string {
  const { first, held, mine, mistake, viewer } = view
  const body = html`<div class="head"><p class="eyebrow">While you are away</p><h1>Stand-ins</h1>
<p class="lead">A person who answers in your place while you are away.</p></div>
${mistake !== undefined && notice('bad', 'That did not work', html`<p>${mistake}</p>`)}
${held.length > 0 && html`<section aria-labelledby="held"><h2 id="held">You answer for</h2>${standInList(held, view, ({ away }) => show(away))}</section>`}
<section aria-labelledby="mine"><h2 id="mine">Who answers for you</h2>
${mine.length === 0 ? empty('No one', 'Only you answer what you are asked.') : standInList(mine, view, ({ standIn }) => show(standIn))}</section>
<section class="card" aria-labelledby="name"><h2 id="name">Name a stand-in</h2>
<p>They may approve and deny what you may, and are asked when you are. Each of their answers says that it is for you. They cannot answer what either of you asked for, consent in your name, or pass this on to another person. You may still answer yourself.</p>
${view.signed ? html`<p>On this server, naming a stand-in needs a signature with a passkey. Run <code>remit stand-ins add ADDRESS --until 2w</code> and sign on the page that opens.</p>` : first ? signInFirstNotice(first) : nameForm(view)}</section>
${viewer.administrator && html`<p class="soft">For administrators: <a href="/stand-ins/all">everybody’s stand-ins</a></p>`}`
  return documentOf({ title: 'Stand-ins', body, viewer })
}

function nameForm({ form, today, viewer }: StandInView): Html {
  return html`<form method="post" action="/stand-ins">${csrfField(viewer)}
<div class="field"><label for="person">E-mail address</label><input type="email" id="person" name="person" value="${form.person}" required autocomplete="off" maxlength="320"></div>
<div class="field"><label for="from">First day</label><input class="short" type="date" id="from" name="from" value="${form.from}" min="${today}" required></div>
<div class="field"><label for="until">Last day <span class="hint">90 days at most; days are those of ${zoneOf(viewer)}</span></label><input class="short" type="date" id="until" name="until" value="${form.until}" min="${today}" required></div>
<div class="actions"><button class="primary">Let them answer for me</button></div></form>`
}

export interface AllStandInsView extends Pick<StandInView, 'now' | 'viewer'> {
  readonly items: readonly StandInItem[]
  /** Id behind which the list goes on. */
  readonly next: string | undefined
}

/** The page on which administrators see and end all of them. */
export function allStandInsPage(view: AllStandInsView): string {
  const { items, next, viewer } = view
  const body = html`<div class="head"><p class="eyebrow">Organization</p><h1>Everybody’s stand-ins</h1></div>
${items.length === 0 ? empty('None', 'No one named a stand-in.') : standInList(items, view, ({ away, standIn }) => html`${show(standIn)} <span class="soft">for ${show(away)}</span>`)}
${next !== undefined && html`<nav class="pager" aria-label="Pages"><a href="/stand-ins/all?after=${encodeURIComponent(next)}">Next →</a></nav>`}
<p><a href="/organization">Organization</a></p>`
  return documentOf({ title: 'Stand-ins', body, viewer, current: 'organization' })
}

function standInList(
  items: readonly StandInItem[],
  { now, viewer }: Pick<StandInView, 'now' | 'viewer'>,
  whom: (item: StandInItem) => Html,
): Html {
  const time = (at: number) => clockTime(at, now, zoneOf(viewer))
  return html`<ul class="list">${items.map((item) => {
    const { endsAt, id, startsAt } = item
    const state = startsAt <= now ? badge('Now', 'good') : badge('Later')
    return html`<li class="item"><p class="what">${whom(item)}</p>
<p class="meta">${state}<span>from ${time(startsAt)} until ${time(endsAt)}</span></p>
<div class="actions"><form method="post" action="/stand-ins/${id}/end">${csrfField(viewer)}<button>End it</button></form></div></li>`
  })}</ul>`
}
