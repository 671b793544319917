import { argumentName, describeConstraint } from '../../../approvals/approvals/allowance/index.ts'
import type { Choice } from '../../../approvals/approvals/index.ts'
import { type Viewer, zoneOf } from '../frame/document.ts'
import { type Html, html } from '../frame/html.ts'
import { marked, show } from '../frame/show.ts'
import { clockTime, duration } from '../frame/time.ts'

/** Scope to say in words: whose calls, and until when. */
export interface AllowanceScope {
  readonly now: number
  readonly viewer: Pick<Viewer, 'settings'>
  readonly agent: string
  readonly person: string
  /** Names of the agents from the first to the current one. */
  readonly chain: readonly string[]
  /** Time when the task ends by itself. */
  readonly deadline: number
}

export function usesInWords(uses: number | null): string {
  return uses === null ? 'as often as it wants' : `${uses} times`
}

/** `In this task only`, `In every task of refund-bot on behalf of Sam`. */
export function placeInWords({ tie }: Pick<Choice, 'tie'>, around: AllowanceScope): Html {
  const { agent, chain, person } = around
  if (tie === 'task') return html`In this task only`
  const before = chain.slice(0, -1).map((name) => html` through ${show(name)}`)
  return html`In every task of ${show(agent)} on behalf of ${show(person)}${before.length > 0 && html` that comes to it${before}`}`
}

export function endInWords(
  choice: Pick<Choice, 'tie' | 'lifeSeconds'>,
  around: AllowanceScope,
): string {
  const { deadline, now } = around
  const zone = zoneOf(around.viewer)
  const { lifeSeconds, tie } = choice
  if (lifeSeconds === null)
    return `until the task ends, at the latest ${clockTime(deadline, now, zone)}`
  const end = now + lifeSeconds * 1000
  const last = tie === 'task' ? Math.min(end, deadline) : end
  return `for ${duration(last - now)}, until ${clockTime(last, now, zone)}`
}

/** Each argument, and what may stand there. */
export function patternList(pattern: Choice['pattern']): Html {
  if (pattern.length === 0) return html`<p>A call without arguments.</p>`
  const lines = pattern.map(
    (part) =>
      html`<div><dt>${marked(argumentName(part.path))}</dt><dd><span class="value">${marked(describeConstraint(part))}</span></dd></div>`,
  )
  return html`<dl class="facts">${lines}</dl>`
}
