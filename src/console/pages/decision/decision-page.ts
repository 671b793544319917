import { documentOf, type Viewer } from '../frame/document.ts'
import { type Html, html } from '../frame/html.ts'
import { facts, notice, type Tone } from '../frame/pieces.ts'
import { asSentence, show } from '../frame/show.ts'
import { duration, when } from '../frame/time.ts'
import { actionName, type DecisionItem, outcomeBadge } from './decision-words.ts'

/** Result of one gate. `policies` and `note` are for operators only. */
export interface GateView {
  readonly gate: string
  readonly passed: boolean
  readonly subject?: string | undefined
  readonly reason?: string | undefined
  readonly detail?: string | undefined
  readonly enough?: string | undefined
  readonly note?: string | undefined
  readonly policies: readonly PolicyView[]
  /** Policies that speak of this action and did not hold, where none permitted it. */
  readonly nearest: readonly PolicyView[]
}

export interface PolicyView {
  readonly id: string
  readonly text: string
  readonly file?: string | undefined
  readonly line: number
  readonly description?: string | undefined
  /** Conditions that made it apply; for one that did not apply, the missing ones. */
  readonly why: readonly string[]
}

export interface DecisionView {
  readonly now: number
  readonly viewer: Viewer
  readonly item: DecisionItem
  readonly detail: string
  /** Requirement that would have been enough. */
  readonly enough?: string | undefined
  /** Hints about the parts of the call itself that stood in the way. */
  readonly hints: readonly string[]
  readonly person: string | null
  readonly resource: string | null
  readonly taskId: string | null
  readonly requestId: string | null
  /** The allowance that lifted what stood in the way. */
  readonly allowanceId: string | null
  readonly policyVersion: number | null
  readonly callHash: string | null
  readonly endedAt: number | null
  /** Time when it was called indeterminate, where a true outcome corrected that later. */
  readonly presumedAt: number | null
  readonly gates: readonly GateView[]
  /** Settlements of limits on answers: how much the call turned out to take. */
  readonly settlements: readonly SettlementView[]
  readonly risk: RiskView | undefined
  readonly operator: boolean
}

export interface SettlementView {
  readonly name: string
  readonly reserved: string
  readonly amount: string
  readonly by: string
}

/** Risk of the call. Score and points for operators. */
export interface RiskView {
  readonly score?: number | undefined
  readonly signals: readonly {
    readonly signal: string
    readonly says: string
    readonly points?: number | undefined
  }[]
}

const HEADING = {
  permit: 'Permitted',
  deny: 'Refused',
  requestable: 'Refused until a person approves',
  challenged: 'Asked for a fresh proof',
} as const satisfies Record<DecisionItem['outcome'], string>

const TONE = {
  permit: 'good',
  deny: 'bad',
  requestable: 'warn',
  challenged: 'calm',
} as const satisfies Record<DecisionItem['outcome'], Tone>

/**
 * Shows why a call was permitted or refused: which gate, which rule, and what would have been
 * enough.
 */
export function decisionPage(view: DecisionView): string {
  const { item, now } = view
  const refused = item.outcome !== 'permit'
  const body = html`
<div class="head"><p class="eyebrow">${outcomeBadge(item)}<span>${when(item.at, now)}</span></p>
<h1>${actionName(item.action)}: ${HEADING[item.outcome].toLowerCase()}</h1></div>
${refused && notice(TONE[item.outcome], 'Why', html`<p>${show(asSentence(view.detail))}</p>${view.hints.map((hint) => html`<p>${show(asSentence(hint))}</p>`)}${view.enough && html`<p><strong>What would be enough:</strong> ${show(view.enough)}</p>`}${view.requestId !== null && html`<p><a href="/approvals/${view.requestId}">The access request</a></p>`}`)}
${item.state === 'indeterminate' && notice('warn', 'The outcome is not known', html`<p>The outcome of the call was not reported in time. It may have had its effect. It is never repeated by itself: look at the API.</p>`)}
${view.presumedAt !== null && notice('calm', 'The outcome was corrected', html`<p>The outcome was first recorded as unknown (${when(view.presumedAt, now)}). The server that made the call, or the API, said later what became of it.</p>`)}
<section class="card" aria-labelledby="call"><h2 id="call">The call</h2>${call(view)}</section>
${weighed(view.risk)}
${view.gates.length > 0 && html`<section class="card" aria-labelledby="gates"><h2 id="gates">What was looked at</h2><ul class="gates">${view.gates.map((gate) => gateItem(gate))}</ul></section>`}`
  return documentOf({ title: 'Decision', body, viewer: view.viewer })
}

function call(view: DecisionView): Html {
  const { item, taskId } = view
  return facts([
    ['Action', item.action !== null && html`<code>${item.action}</code>`],
    ['On behalf of', view.person !== null && show(view.person)],
    ['Agent', item.agent !== null && show(item.agent)],
    ['Task', taskId !== null && html`<a href="/tasks/${taskId}">${taskId}</a>`],
    [
      'API answered',
      item.status !== null &&
        html`${item.status}${view.endedAt !== null && view.presumedAt === null && html` <span class="soft">after ${duration(view.endedAt - item.at)}</span>`}`,
    ],
    [
      'Lifted by',
      view.allowanceId !== null &&
        html`an <a href="/approvals#allowances">allowance</a> <code>${view.allowanceId}</code>`,
    ],
    ...view.settlements.map(
      ({ amount, by, name, reserved }) =>
        [
          'Counted',
          by === 'answer'
            ? html`${amount} of <code>${name}</code> <span class="soft">${reserved} reserved</span>`
            : html`${amount} of <code>${name}</code> <span class="soft">as reserved: the answer did not say</span>`,
        ] as const,
    ),
    ['Policies', view.policyVersion !== null && `version ${view.policyVersion}`],
    ['Decision id', html`<code>${item.id}</code>`],
    ['Call hash', view.operator && view.callHash !== null && html`<code>${view.callHash}</code>`],
  ])
}

function weighed(risk: RiskView | undefined): Html | false {
  if (!risk || risk.signals.length === 0) return false
  const score =
    risk.score !== undefined && html` <span class="away">score ${risk.score} of 100</span>`
  return html`<section class="card" aria-labelledby="risk"><h2 id="risk">How it was weighed${score}</h2><ul class="plain">${risk.signals.map(
    ({ points, says, signal }) =>
      html`<li>${show(asSentence(says))} <code class="soft small">${signal}</code>${points !== undefined && html` <span class="soft small">+${points}</span>`}</li>`,
  )}</ul></section>`
}

const GATE: Readonly<Record<string, string>> = {
  credential: 'Token and proof',
  liveness: 'Everything still in force',
  coverage: 'Within the task',
  person: 'The person may',
  agent: 'The agent may',
  external: 'External policy',
  approval: 'Approval',
  budget: 'Budget',
  obligations: 'Obligations',
}

function policyItem({ description, file, id, line, text, why }: PolicyView): Html {
  const place = file === undefined ? `line ${line}` : `${file}:${line}`
  return html`<li><details><summary>Rule <code>${show(id)}</code> <span class="soft small">${show(place)}</span></summary>${description && html`<p class="soft">${show(description)}</p>`}<pre class="json"><code>${text}</code></pre></details>${why.map((each) => html`<p>→ ${show(each)}</p>`)}</li>`
}

function gateItem(gate: GateView): Html {
  const { passed, policies, nearest } = gate
  const code = gate.reason && html` <code class="soft small">${gate.reason}</code>`
  return html`<li class="gate ${passed ? 'passed' : 'failed'}"><span class="sign" aria-hidden="true">${passed ? '✓' : '✕'}</span><div class="stack">
<p><strong>${GATE[gate.gate] ?? gate.gate}</strong>${gate.subject && html` <span class="soft">${show(gate.subject)}</span>`} <span class="away">${passed ? 'passed' : 'failed'}</span>${!gate.detail && code}</p>
${gate.detail && html`<p>${show(asSentence(gate.detail))}${code}</p>`}
${gate.enough && html`<p class="soft">Enough would be: ${show(gate.enough)}</p>`}
${gate.note && html`<p class="soft small">${show(gate.note)}</p>`}
${policies.length > 0 && html`<ul class="plain">${policies.map(policyItem)}</ul>`}
${nearest.length > 0 && html`<p class="soft">Rules that came nearest to permitting it, and what they lack:</p><ul class="plain">${nearest.map(policyItem)}</ul>`}</div></li>`
}
