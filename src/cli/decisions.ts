import type { Command } from 'commander'
import { PROBLEMS } from '../lib/problem.ts'
import { facts, indented } from '../lib/terminal/table.ts'
import { bold, dim, green, red, type Text, text, type Value, yellow } from '../lib/terminal/text.ts'
import { moment, relative } from '../lib/terminal/time.ts'
import { DECISIONS } from '../operations/decisions.ts'
import { command, type Start } from './command.ts'
import { nounCommand } from './operations/noun.ts'
import { named } from './person.ts'
import type { AnswerOf } from './server/operation-types.ts'

/** `remit decisions …` */
export const decisionsCommand = nounCommand(DECISIONS, [explainCommand])

type ExplanationJson = AnswerOf<'GET', '/decisions/:id'>
export type ExplainedGateJson = ExplanationJson['gates'][number]
type RuleJson = NonNullable<ExplainedGateJson['policies']>[number]

/** `remit decisions explain ID` */
function explainCommand(start: Start): Command {
  return command('explain', 'Why a call was answered as it was, and what would have been enough.', [
    'remit decisions explain dec_…   # the id is in every refusal',
  ])
    .argument('<id>', 'the decision')
    .action(async (id: string, _options: object, invoked: Command) => {
      const cli = await start(invoked)
      const explanation = await cli.api.call('GET', '/decisions/:id', { params: { id } })
      cli.answer(explanation, () => explainLines(explanation, { now: cli.now, width: cli.width }))
    })
}

interface Look {
  readonly now: number
  readonly width: number | undefined
}

/** The sentence, who and when, every gate, and for administrators the rules. */
export function explainLines(of: ExplanationJson, look: Look): readonly Value[] {
  const { now, width } = look
  const room = width === undefined ? undefined : width - 2
  return [
    ...sentence(of).wrapped(width ?? Number.POSITIVE_INFINITY),
    ...indented(
      facts(
        [
          ['why', of.detail],
          ...of.hints.map((hint) => ['', hint] as const),
          ['enough', of.outcome === 'permit' ? undefined : of.enough],
          ...asked(of),
        ],
        room,
      ),
    ),
    '',
    ...indented(facts(about(of, now), room)),
    '',
    bold('What was looked at'),
    ...of.gates.flatMap((gate) => gateLines(gate, room)),
    ...riskLines(of, room),
    ...decidingLines(of),
    ...ruleLines(
      'Nothing permitted it. What came nearest, and what it lacks',
      uniqueRules(of.gates, 'nearest'),
      of.policy_version,
    ),
  ]
}

/** What happened, as one would say it. */
function sentence(of: ExplanationJson): Text {
  const who = bold(of.agent ?? 'Somebody unknown')
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
  return text`${red('✗')} ${who} was not allowed to ${what}: ${titleOf(of.reason)}. Nothing was ${of.action?.startsWith('issue:') === true ? 'issued' : 'sent'}.`
}

/** What came of a call that was permitted. */
function whatCame(of: ExplanationJson): string {
  const before = of.presumed ? ' Before that was known, it was recorded as indeterminate.' : ''
  return `${outcomeWords(of)}${before}`
}

function outcomeWords({ state, status }: ExplanationJson): string {
  switch (state) {
    case 'answered':
      return `The API answered ${status}.`
    case 'failed':
      return 'The API failed; whether it acted is not known.'
    case 'not_sent':
      return 'It was not sent after all, and nothing was used up.'
    case 'indeterminate':
      return 'Nobody said in time what became of it; whether the API acted is not known.'
    default:
      return 'It is under way.'
  }
}

/** The title of a reason, as the end of a sentence. */
function titleOf(reason: string): string {
  const title = Object.hasOwn(PROBLEMS, reason)
    ? PROBLEMS[reason as keyof typeof PROBLEMS].title // as: it has that very member
    : reason
  return title.charAt(0).toLowerCase() + title.slice(1)
}

/** Who could have lifted it. */
function asked({ ask }: ExplanationJson): readonly (readonly [string, Value])[] {
  if (!ask) return []
  const rules = ask.approvers.map((names) => names.map(approver).join(' or '))
  const count = ask.quorum > 1 ? `${ask.quorum} of ` : ''
  return [['asks', `${count}${[...new Set(rules)].join(', and ')}`]]
}

export function approver(name: string): string {
  return name.startsWith('group:') ? `someone of ${name.slice('group:'.length)}` : name
}

function about(of: ExplanationJson, now: number): readonly (readonly [string, Value])[] {
  return [
    ['decision', of.id],
    ['when', text`${moment(of.at)}, ${relative(of.at, now)}`],
    ['person', of.person === null ? undefined : named(of.person_name, of.person)],
    ['task', of.task ?? undefined],
    ['api', of.resource ?? undefined],
    ['request', of.request ?? undefined],
    ['lifted by', of.allowance ? `allowance ${of.allowance}` : undefined],
    ...settled(of),
    ['policies', of.policy_version ? `version ${of.policy_version}` : undefined],
  ]
}

/** What limits on answers counted of it in the end. */
function settled({ settled = [] }: ExplanationJson): readonly (readonly [string, Value])[] {
  return settled.map(({ amount, by, limit, reserved }, i) => {
    const said =
      by === 'answer' ? text`${amount} counted, ${reserved} reserved` : keptText(by, amount)
    return [i === 0 ? 'took' : '', text`${limit}: ${said}`] as const
  })
}

function keptText(by: string, amount: string): Text {
  return text`${amount} as reserved: ${KEPT[by] ?? by}`
}

/** Why an answer did not say how much it was. */
const KEPT: Readonly<Record<string, string>> = {
  failed: 'no whole answer came',
  cut: 'the answer was cut',
  too_large: 'the answer was too large to be read',
  not_json: 'the answer was no JSON',
  not_there: 'the answer does not say it',
  unreported: 'the API did not say',
  indeterminate: 'what became of the call is not known',
}

/** What each gate makes sure of, and what it found when it did not pass. */
const GATE_SAYS: Readonly<Record<string, readonly [passed: string, failed: string]>> = {
  credential: ['token and proof are good', 'token or proof is not good'],
  liveness: ['everything it depends on is active', 'something it depends on is not alive'],
  coverage: ['the task covers this call', 'the task does not cover this call'],
  person: ['the person may do it', 'the person may not do it'],
  agent: ['the agents taking part may do it', 'an agent taking part may not do it'],
  external: ['other decision points agree', 'another decision point does not agree'],
  approval: ['approved, where a rule asks for it', 'a person has to approve it'],
  budget: ['within the budget', 'beyond the budget'],
  obligations: ['its conditions can be met', 'a condition of it cannot be met'],
}
const WIDEST_GATE = 'obligations'.length

export function gateLines(gate: ExplainedGateJson, room: number | undefined): readonly Text[] {
  const [passed, failed] = GATE_SAYS[gate.gate] ?? ['', '']
  const name = gate.gate.padEnd(WIDEST_GATE)
  const subject = gate.subject === undefined ? '' : dim(text`  ${gate.subject}`)
  if (gate.passed) {
    // What a limit had left, and for operators whose it is.
    const told = gate.note ?? (gate.gate === 'budget' ? gate.detail : undefined)
    const more = told === undefined ? [] : [text`    ${' '.repeat(WIDEST_GATE)}  ${dim(told)}`]
    return [text`  ${green('✓')} ${name}  ${dim(passed)}${subject}`, ...more]
  }
  const by = WIDEST_GATE + 6
  return [
    text`  ${red('✗')} ${bold(name)}  ${failed}${subject}`,
    ...indented(
      facts(
        [
          ['why', gate.detail ?? (gate.reason === undefined ? undefined : titleOf(gate.reason))],
          ['enough', gate.enough],
          ['note', gate.note],
          ['code', gate.reason === undefined ? undefined : codeText(gate.reason)],
        ],
        room === undefined ? undefined : room - by,
      ),
      by,
    ),
  ]
}

function codeText(code: string): Text {
  return text`${code}  ${dim(text`docs/problems/${code}.md`)}`
}

/** What was unusual about it, the heaviest first as the table has it. */
function riskLines({ risk }: ExplanationJson, room: number | undefined): readonly Value[] {
  if (!risk || risk.signals.length === 0) return []
  const score = risk.score === undefined ? '' : dim(text`  score ${risk.score} of 100`)
  const rows = risk.signals.map(({ points, says, signal }): readonly [string, Value] => [
    signal,
    points === undefined ? says : text`+${points}  ${says}`,
  ])
  return ['', text`${bold('How it was weighed')}${score}`, ...indented(facts(rows, room))]
}

/** Of a permit, every rule that gave it. Of anything else, those that stood in the way; the others only by name. */
function decidingLines({ gates, outcome, policy_version }: ExplanationJson): readonly Value[] {
  const all = uniqueRules(gates, 'policies')
  const against = gates.filter((gate) => !gate.passed)
  const shown = outcome === 'permit' ? all : uniqueRules(against, 'policies')
  const others = all.filter(({ id }) => !shown.some((rule) => rule.id === id))
  const also = others.map((rule) => `${rule.id} (${placeOf(rule)})`).join(', ')
  const lines = ruleLines('Rules that decided', shown, policy_version)
  if (also === '') return lines
  if (lines.length > 0) return [...lines, dim(text`  and ${also}`)]
  return ['', dim(text`No rule stood in the way: ${also}`)]
}

export function uniqueRules(
  gates: readonly ExplainedGateJson[],
  which: 'policies' | 'nearest',
): readonly RuleJson[] {
  const rules = gates.flatMap((gate) => gate[which] ?? [])
  return [...new Map(rules.map((rule) => [rule.id, rule])).values()]
}

/** `refunds.cedar:12`, or `line 12` of a text that nobody said the files of. */
export function placeOf({ file, line, link }: Pick<RuleJson, 'file' | 'line' | 'link'>): string {
  const place = file === undefined ? `line ${line}` : `${file}:${line}`
  return link === undefined ? place : `${place}, linked at ${placeOf(link)}`
}

export function ruleLines(
  title: string,
  rules: readonly RuleJson[],
  version: number | null | undefined,
): readonly Value[] {
  if (rules.length === 0) return []
  const where = version ? dim(text`  version ${version}`) : ''
  return [
    '',
    text`${bold(title)}${where}`,
    ...rules.flatMap((rule) => [
      text`  ${bold(rule.id)} ${dim(placeOf(rule))}`,
      ...indented(
        [
          ...(rule.description === undefined ? [] : [text`${rule.description}`]),
          ...rule.why.map((each) => text`${yellow('→')} ${each}`),
          ...(rule.advice === undefined ? [] : [text`advice: ${rule.advice}`]),
        ],
        4,
      ),
      ...indented(
        rule.text.split('\n').map((line) => dim(text`${line.replaceAll('\t', '  ').trimEnd()}`)),
        4,
      ),
    ]),
  ]
}
