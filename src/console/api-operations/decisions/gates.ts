import { isProblemCode, problemKind } from '../../../platform/lib/problem.ts'
import type { Text, Value } from '../../../platform/lib/terminal/text.ts'
import type { SchemaKit, TypeOf } from '../../operation-kit/operation.ts'
import type { Terminal } from '../../operation-kit/terminal.ts'

/** A policy as it was written. */
export const ExplainedRule = ({ Type }: SchemaKit) =>
  Type.Object({
    id: Type.String(),
    text: Type.String(),
    file: Type.Optional(Type.String()),
    line: Type.Integer({
      description: 'where it begins in the file, or in the whole text; from 1',
    }),
    link: Type.Optional(
      Type.Object(
        { file: Type.Optional(Type.String()), line: Type.Integer() },
        { description: 'where the link is that makes the rule, when it is that of a template' },
      ),
    ),
    digest: Type.String(),
    description: Type.Optional(Type.String()),
    advice: Type.Optional(Type.String()),
    why: Type.Array(
      Type.String({ description: 'what made it hold; of one that did not, what was missing' }),
    ),
  })

export const Gate = (kit: SchemaKit) => {
  const { Type } = kit
  return Type.Object({
    gate: Type.String(),
    passed: Type.Boolean(),
    reason: Type.Optional(Type.String({ description: 'a code; see docs/problems' })),
    detail: Type.Optional(Type.String()),
    enough: Type.Optional(Type.String()),
    subject: Type.Optional(Type.String({ description: 'the person or agent that was looked at' })),
    note: Type.Optional(Type.String()),
    policies: Type.Optional(
      Type.Array(ExplainedRule(kit), { description: 'those that determined it' }),
    ),
    nearest: Type.Optional(
      Type.Array(ExplainedRule(kit), {
        description: 'where nothing permitted it: the permits that came nearest',
      }),
    ),
  })
}

/** Question that people were asked, or would have been. */
export const Ask = ({ Type }: SchemaKit) =>
  Type.Object({
    forbids: Type.Array(Type.Object({ id: Type.String(), digest: Type.String() })),
    approvers: Type.Array(Type.Array(Type.String()), {
      description: 'every rule must be met; any one name in it meets it',
    }),
    quorum: Type.Integer(),
    lifetime_seconds: Type.Integer(),
    risk: Type.String(),
    prompts: Type.Array(Type.String()),
  })

type GateAnswer = TypeOf<{ answer: ReturnType<typeof Gate> }, 'answer'>
type AskAnswer = TypeOf<{ answer: ReturnType<typeof Ask> }, 'answer'>
type RuleAnswer = TypeOf<{ answer: ReturnType<typeof ExplainedRule> }, 'answer'>

/** Title of a reason, as the end of a sentence. */
export function reasonTitle(reason: string): string {
  const title = isProblemCode(reason) ? problemKind(reason).title : reason
  return title.charAt(0).toLowerCase() + title.slice(1)
}

/** Names of those who could lift it. */
export function askedWords({ approvers, quorum }: AskAnswer): string {
  const rules = approvers.map((names) => names.map(approver).join(' or '))
  const count = quorum > 1 ? `${quorum} of ` : ''
  return `${count}${[...new Set(rules)].join(', and ')}`
}

function approver(name: string): string {
  if (name === 'represented') return 'the person it is for'
  if (name === 'manager') return "the person's manager"
  if (name === 'owner') return 'an owner of the API'
  return name.startsWith('group:') ? `someone of ${name.slice('group:'.length)}` : name
}

/** Sentences of each gate, when it passed and when it did not. */
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

export function gateLines(gate: GateAnswer, terminal: Terminal): readonly Text[] {
  const { bold, dim, facts, green, red, text } = terminal
  const [passed, failed] = GATE_SAYS[gate.gate] ?? ['', '']
  const name = gate.gate.padEnd(WIDEST_GATE)
  const subject = gate.subject === undefined ? '' : dim(text`  ${gate.subject}`)
  if (gate.passed) {
    // The detail of a budget tells the rest of the limit and, to operators, whose limit it is.
    const told = gate.note ?? (gate.gate === 'budget' ? gate.detail : undefined)
    const more = told === undefined ? [] : [text`    ${' '.repeat(WIDEST_GATE)}  ${dim(told)}`]
    return [text`  ${green('✓')} ${name}  ${dim(passed)}${subject}`, ...more]
  }
  const by = WIDEST_GATE + 6
  return [
    text`  ${red('✗')} ${bold(name)}  ${failed}${subject}`,
    ...facts(
      [
        ['why', gate.detail ?? (gate.reason === undefined ? undefined : reasonTitle(gate.reason))],
        ['enough', gate.enough],
        ['note', gate.note],
        ['code', gate.reason === undefined ? undefined : codeText(gate.reason, terminal)],
      ],
      by,
    ),
  ]
}

function codeText(code: string, { dim, text }: Terminal): Text {
  return text`${code}  ${dim(text`docs/problems/${code}.md`)}`
}

export function uniqueRules(
  gates: readonly GateAnswer[],
  which: 'policies' | 'nearest',
): readonly RuleAnswer[] {
  const rules = gates.flatMap((gate) => gate[which] ?? [])
  return [...new Map(rules.map((rule) => [rule.id, rule])).values()]
}

/** `refunds.cedar:12`, or `line 12` of a text without known files. */
export function rulePlace({
  file,
  line,
  link,
}: Pick<RuleAnswer, 'file' | 'line' | 'link'>): string {
  const place = file === undefined ? `line ${line}` : `${file}:${line}`
  return link === undefined ? place : `${place}, linked at ${rulePlace(link)}`
}

export function ruleLines(
  title: string,
  rules: readonly RuleAnswer[],
  version: number | null | undefined,
  { bold, dim, indented, text, yellow }: Terminal,
): readonly Value[] {
  if (rules.length === 0) return []
  const where = version ? dim(text`  version ${version}`) : ''
  return [
    '',
    text`${bold(title)}${where}`,
    ...rules.flatMap((rule) => [
      text`  ${bold(rule.id)} ${dim(rulePlace(rule))}`,
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
