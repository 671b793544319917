import type { Text, Value } from '../../../platform/lib/terminal/text.ts'
import type { SchemaKit, TypeOf } from '../../operation-kit/operation.ts'
import type { Terminal } from '../../operation-kit/terminal.ts'
import {
  Ask,
  askedWords,
  Gate,
  gateLines,
  reasonTitle,
  ruleLines,
  rulePlace,
  uniqueRules,
} from './gates.ts'

/** Risk score of the call (docs/risk.md). */
const Weighed = ({ Type }: SchemaKit) =>
  Type.Object({
    class: Type.String(),
    score: Type.Optional(Type.Integer({ description: '0 to 100; for administrators' })),
    signals: Type.Array(
      Type.Object({
        signal: Type.String(),
        says: Type.String(),
        points: Type.Optional(Type.Integer({ description: 'what it added to the score' })),
      }),
    ),
  })

/** Reasons why a call was answered as it was. Optional members after `gates` are for administrators only. */
export const Explanation = (kit: SchemaKit) => {
  const { Time, Type } = kit
  const nullable = Type.Union([Type.String(), Type.Null()])
  return Type.Object({
    ...kit.Decision.properties,
    resource: nullable,
    request: nullable,
    allowance: Type.Union([Type.String(), Type.Null()], {
      description: 'the allowance that lifted what stood in the way',
    }),
    ended_at: Type.Union([Time, Type.Null()]),
    presumed: Type.Optional(
      Type.Object(
        { state: Type.Literal('indeterminate'), at: Time },
        { description: 'what was recorded before the true outcome was known' },
      ),
    ),
    settled: Type.Optional(
      Type.Array(
        Type.Object({
          limit: Type.String(),
          owner: Type.String({ description: 'the task, or the standing limit' }),
          reserved: Type.String({ description: 'what was taken before the answer was known' }),
          amount: Type.String({ description: 'what is taken by now' }),
          by: Type.String({
            description:
              '`answer`, or why it stays at what was reserved: `failed`, `cut`, `too_large`, `not_json`, `not_there`, `unreported`, `indeterminate`',
          }),
        }),
      ),
    ),
    detail: Type.Optional(Type.String()),
    enough: Type.Optional(Type.String({ description: 'what would have been enough' })),
    hints: Type.Array(
      Type.String({
        description: 'the part of the call itself that stood in the way, fit for the caller',
      }),
    ),
    approval_would_help: Type.Boolean(),
    gates: Type.Array(Gate(kit)),
    risk: Type.Optional(Weighed(kit)),
    person_name: Type.Optional(nullable),
    call_hash: Type.Optional(nullable),
    policy_version: Type.Optional(Type.Union([Type.Integer(), Type.Null()])),
    replica: Type.Optional(Type.String()),
    facts: Type.Optional(
      Type.Enum(['facts', 'stopped', 'erased'], {
        description:
          'what it was decided from: kept, none because it was stopped before, or erased',
      }),
    ),
    ask: Type.Optional(Ask(kit)),
  })
}

type ExplanationAnswer = TypeOf<{ answer: ReturnType<typeof Explanation> }, 'answer'>

/** The sentence, who and when, every gate, and for administrators the rules. */
export function explainLines(of: ExplanationAnswer, terminal: Terminal): readonly Value[] {
  const { bold, facts, wrapped } = terminal
  return [
    ...wrapped(sentence(of, terminal)),
    ...facts([
      ['why', of.detail ?? ''],
      ...of.hints.map((hint) => ['', hint] as const),
      ['enough', of.outcome === 'permit' ? '' : (of.enough ?? '')],
      ['asks', of.ask ? askedWords(of.ask) : ''],
    ]),
    '',
    ...facts(about(of, terminal)),
    '',
    bold('What was looked at'),
    ...of.gates.flatMap((gate) => gateLines(gate, terminal)),
    ...riskLines(of, terminal),
    ...decidingLines(of, terminal),
    ...ruleLines(
      'Nothing permitted it. What came nearest, and what it lacks',
      uniqueRules(of.gates, 'nearest'),
      of.policy_version,
      terminal,
    ),
  ]
}

/** The call and its answer, as one would say it. */
function sentence(of: ExplanationAnswer, terminal: Terminal): Text {
  const { bold, dim, green, red, text, yellow } = terminal
  const who = bold(of.agent ?? 'An unknown caller')
  const what =
    of.action === null
      ? 'make a call'
      : text`${of.action.startsWith('issue:') ? 'be given' : 'call'} ${bold(of.action)}`
  if (of.outcome === 'permit')
    return text`${green('✓')} ${who} was allowed to ${what}. ${whatCame(of)}`
  if (of.outcome === 'requestable') {
    return text`${yellow('●')} ${who} may ${what} only once a person has approved exactly this. Nothing was sent.`
  }
  if (of.outcome === 'challenged')
    return text`${dim('·')} ${who} was asked to prove its key with a nonce before it may ${what}. Nothing was decided.`
  return text`${red('✗')} ${who} was not allowed to ${what}: ${reasonTitle(of.reason)}. Nothing was ${of.action?.startsWith('issue:') === true ? 'issued' : 'sent'}.`
}

/** Outcome of a call that was permitted. */
function whatCame(of: ExplanationAnswer): string {
  const before = of.presumed ? ' Before that was known, it was recorded as indeterminate.' : ''
  return `${outcomeWords(of)}${before}`
}

function outcomeWords({ state, status }: ExplanationAnswer): string {
  switch (state) {
    case 'answered':
      return `The API answered ${status}.`
    case 'failed':
      return 'The API failed; whether it acted is not known.'
    case 'not_sent':
      return 'It was not sent after all, and nothing was used up.'
    case 'indeterminate':
      return 'Its outcome was not reported in time; whether the API acted is not known.'
    default:
      return 'It is under way.'
  }
}

function about(
  of: ExplanationAnswer,
  terminal: Terminal,
): readonly (readonly [string, Value | null])[] {
  const { moment, named, relative, text } = terminal
  return [
    ['decision', of.id],
    ['when', text`${moment(of.at)}, ${relative(of.at)}`],
    ['person', of.person === null ? null : named(of.person_name, of.person)],
    ['task', of.task],
    ['api', of.resource],
    ['request', of.request],
    ['lifted by', of.allowance ? `allowance ${of.allowance}` : null],
    ...settled(of, terminal),
    ['policies', of.policy_version ? `version ${of.policy_version}` : null],
  ]
}

/** Amounts that limits on answers counted of it in the end. */
function settled(
  { settled = [] }: ExplanationAnswer,
  { text }: Terminal,
): readonly (readonly [string, Value])[] {
  return settled.map(({ amount, by, limit, reserved }, i) => {
    const said =
      by === 'answer'
        ? `${amount} counted, ${reserved} reserved`
        : `${amount} as reserved: ${KEPT[by] ?? by}`
    return [i === 0 ? 'took' : '', text`${limit}: ${said}`] as const
  })
}

/** Reasons why an answer did not say how much it was. */
const KEPT: Readonly<Record<string, string>> = {
  failed: 'no whole answer came',
  cut: 'the answer was cut',
  too_large: 'the answer was too large to be read',
  not_json: 'the answer was no JSON',
  not_there: 'the answer does not say it',
  unreported: 'the API did not say',
  indeterminate: 'what became of the call is not known',
}

/** Lines of the unusual signals of a call, the heaviest first as the table has it. */
function riskLines({ risk }: ExplanationAnswer, terminal: Terminal): readonly Value[] {
  const { bold, dim, facts, text } = terminal
  if (!risk || risk.signals.length === 0) return []
  const score = risk.score === undefined ? '' : dim(`  score ${risk.score} of 100`)
  const rows = risk.signals.map(({ points, says, signal }): readonly [string, Value] => [
    signal,
    points === undefined ? says : text`+${points}  ${says}`,
  ])
  return ['', text`${bold('How it was weighed')}${score}`, ...facts(rows)]
}

/** Rules that gave a permit; for anything else those that stood in the way, and the others by name. */
function decidingLines(
  { gates, outcome, policy_version }: ExplanationAnswer,
  terminal: Terminal,
): readonly Value[] {
  const { dim } = terminal
  const all = uniqueRules(gates, 'policies')
  const against = gates.filter((gate) => !gate.passed)
  const shown = outcome === 'permit' ? all : uniqueRules(against, 'policies')
  const others = all.filter(({ id }) => !shown.some((rule) => rule.id === id))
  const also = others.map((rule) => `${rule.id} (${rulePlace(rule)})`).join(', ')
  const lines = ruleLines('Rules that decided', shown, policy_version, terminal)
  if (also === '') return lines
  if (lines.length > 0) return [...lines, dim(`  and ${also}`)]
  return ['', dim(`No rule stood in the way: ${also}`)]
}
