import type { Text, Value } from '../../../platform/lib/terminal/text.ts'
import { describe, noun, type SchemaKit, type TypeOf } from '../../operation-kit/operation.ts'
import { person } from '../../operation-kit/shared-sources.ts'
import { input, type ReaderContext, repeated, together } from '../../operation-kit/source.ts'
import type { Terminal } from '../../operation-kit/terminal.ts'
import { MAX_BYTES, PolicyText } from '../policies/schemas.ts'
import { Ask, askedWords, Gate, gateLines, ruleLines, uniqueRules } from './gates.ts'

const Check = (kit: SchemaKit) => {
  const { Type } = kit
  return Type.Object({
    verdict: Type.Enum(['permit', 'deny', 'asks']),
    reason: Type.String({ description: 'a code; see docs/problems' }),
    detail: Type.String(),
    enough: Type.String({ description: 'what would be enough' }),
    person: Type.Object({
      id: Type.String(),
      name: Type.String(),
      groups: Type.Array(Type.String()),
    }),
    agent: Type.Object({ name: Type.String(), trust: Type.Integer() }),
    action: Type.String(),
    resource: Type.String(),
    risk: Type.String(),
    basis: Type.Enum(['covers', 'none', 'does not cover', 'not needed'], {
      description: 'what the agent was given to act for this person',
    }),
    depends_on: Type.Array(
      Type.String({ description: 'an argument that was not given and that the answer depends on' }),
    ),
    policy_version: Type.Union([Type.Integer(), Type.Null()], {
      description: 'null: the draft that was sent along',
    }),
    gates: Type.Array(Gate(kit)),
    ask: Type.Optional(Ask(kit)),
    not_looked_at: Type.Array(Type.String()),
  })
}

type CheckAnswer = TypeOf<{ answer: ReturnType<typeof Check> }, 'answer'>
type Rule = NonNullable<CheckAnswer['gates'][number]['policies']>[number]
type Row = readonly [string, Value | null]

const argument = repeated('--arg <name=value>', 'an argument; once for each')
const explaining = input('--explain', 'every gate, and the rules behind it')

/** Exit codes of the command. Distinct, so that a script can tell; 1 and 2 are failures of the command itself. */
const EXITS = { permit: 0, deny: 3, asks: 4 } as const

/** `remit check` */
export const CHECKS = noun({
  name: 'checks',
  says: 'Dry runs of calls.',
  operations: {
    make: describe({
      route: 'POST /checks',
      widens: false,
      says: 'The answer that a call would get, as far as it can be told without a task. Nothing is used up, and no person is asked. Recorded as a check.',
      bodyBytes: MAX_BYTES,
      schemas: (kit) => {
        const { Type } = kit
        return {
          body: kit.exactly({
            person: Type.String({ maxLength: 64 }),
            nobody_present: Type.Optional(
              Type.Boolean({ description: 'the person is the sponsor' }),
            ),
            agent: kit.Name,
            action: Type.String({
              minLength: 1,
              maxLength: 300,
              description: 'a catalog name, or the end of one that no other has',
            }),
            arguments: Type.Optional(
              Type.Record(Type.String({ maxLength: 200 }), Type.Unknown(), {
                description: 'by name; numbers may be texts, so that they stay exact',
                maxProperties: 200,
              }),
            ),
            policies: Type.Optional(PolicyText(kit)),
          }),
          answer: Check(kit),
        }
      },
      command: (terminal) => ({
        says: 'Whether a call would be permitted, why, and what would be enough. A dry run. Ends with 0 when it is permitted, 3 when it is refused, 4 when people would be asked.',
        examples: [
          'remit check --as sam --agent refund-bot --action refund --arg amount=900',
          'remit check --as sam --agent refund-bot --action orders.refund --arg amount=900 --explain',
          'remit check --as sam --agent refund-bot --action refund --arg amount=900 --policy ./policies',
        ],
        takes: {
          body: {
            person: person('--as <person>', 'for whom: id, e-mail or name', true),
            agent: input('--agent <name>', 'which agent calls', { required: true }),
            action: input(
              '--action <name>',
              'of the catalog; its end is enough where no other has it',
              { required: true },
            ),
            arguments: together([argument], ([given = []], { usage }) =>
              Object.fromEntries(given.map((each) => argumentOf(each, usage))),
            ),
            nobody_present: input(
              '--nobody',
              'no person is present, and the person is the sponsor',
            ),
            policies: together(
              [
                repeated(
                  '--policy <path>',
                  'ask these files instead of the policies in force; once for each',
                ),
              ],
              ([paths], { policies }) => paths && policies(paths),
            ),
          },
        },
        also: [explaining],
        ends: ({ verdict }) => EXITS[verdict],
        prints: (check, { body, typed }) => [
          sentence(check, argumentsInWords(body.arguments), terminal),
          ...terminal.facts([
            ...reasons(check, terminal),
            ...enough(check),
            ['before that', BASIS[check.basis](check)],
          ]),
          ...(typed('--explain') ? explained(check, terminal) : []),
          '',
          terminal.dim(
            `Asked ${check.policy_version === null ? 'the files' : `the policies in force (version ${check.policy_version})`}. Not looked at: ${check.not_looked_at.join('; ')}.`,
          ),
        ],
      }),
    }),
  },
})

/** Name and value of `amount=900`; a value that begins with `[` or `{` is JSON. */
function argumentOf(text: string, usage: ReaderContext['usage']): readonly [string, unknown] {
  const at = text.indexOf('=')
  if (at < 1) throw usage(`\`${text}\` is not name=value`, 'remit check --help')
  const value = text.slice(at + 1)
  if (!/^[[{]/.test(value)) return [text.slice(0, at), value]
  try {
    return [text.slice(0, at), JSON.parse(value)]
  } catch {
    throw usage(`the value of \`${text.slice(0, at)}\` is not JSON`)
  }
}

function argumentsInWords(given: Readonly<Record<string, unknown>> = {}): readonly string[] {
  return Object.entries(given).map(
    ([name, value]) => `${name} ${typeof value === 'string' ? value : JSON.stringify(value)}`,
  )
}

/** The call and its answer, as one would say it. */
function sentence(
  { action, agent, person, verdict }: CheckAnswer,
  given: readonly string[],
  terminal: Terminal,
): Text {
  const { bold, green, red, text, yellow } = terminal
  const bearing = given.length > 0 ? ` with ${given.join(', ')}` : ''
  const what = text`have ${bold(agent.name)} do ${bold(action)}${bearing}`
  const who = bold(person.name)
  if (verdict === 'permit') return text`${green('✓')} ${who} may ${what}.`
  if (verdict === 'asks')
    return text`${yellow('●')} ${who} may ${what} only after people have approved that very call.`
  return text`${red('✗')} ${who} may not ${what}.`
}

/** Reasons, from the rules outwards: what they lack or what made them hold says more than that they did. */
function reasons({ detail, gates, verdict }: CheckAnswer, terminal: Terminal): readonly Row[] {
  const arrow = (words: string): Row => ['', terminal.text`${terminal.yellow('→')} ${words}`]
  const ruleWords = (rule: Rule) => ruleText(rule, terminal)
  if (verdict === 'permit') {
    return uniqueRules(gates, 'policies').map((rule, i) => [i === 0 ? 'by' : '', ruleWords(rule)])
  }
  const failed = gates.filter(({ passed }) => !passed)
  const told = verdict === 'asks' ? failed : failed.filter(({ gate }) => gate !== 'approval')
  const rules = told.flatMap(({ policies = [] }) => policies)
  const near = rules.length > 0 ? [] : told.flatMap(({ nearest: [first] = [] }) => first ?? [])
  return [
    ['why', detail],
    ...rules.flatMap((rule) => [['rule', ruleWords(rule)] as const, ...rule.why.map(arrow)]),
    ...near.flatMap((rule) => [['nearest', ruleWords(rule)] as const, ...rule.why.map(arrow)]),
  ]
}

function ruleText({ description, file, id, line }: Rule, { dim, text }: Terminal): Text {
  const place = file === undefined ? '' : dim(`  ${file}:${line}`)
  return text`${id}${description === undefined ? '' : `: ${description}`}${place}`
}

function enough({ ask, depends_on: depends, enough: words, verdict }: CheckAnswer): readonly Row[] {
  return [
    ['approved by', ask ? askedWords(ask) : null],
    ['enough', !ask && verdict === 'deny' ? words : null],
    [
      'depends on',
      depends.length > 0
        ? `${depends.join(', ')}, which you did not say: the stricter answer is shown`
        : null,
    ],
  ]
}

const BASIS: Readonly<Record<CheckAnswer['basis'], (check: CheckAnswer) => string | null>> = {
  covers: () => null,
  'not needed': () => null,
  none: ({ agent, person }) =>
    `${person.name} has not let ${agent.name} act for them yet: they are asked when it opens a task`,
  'does not cover': ({ agent, person }) =>
    `${person.name} let ${agent.name} do other things than this: they are asked again when it opens a task`,
}

/** Gates that a dry run does not ask pass by themselves; saying so would be saying that it was asked (`not_looked_at`). */
const NEVER_ASKED: ReadonlySet<string> = new Set(['external', 'budget'])

function wasLookedAt({ gate, passed }: CheckAnswer['gates'][number]): boolean {
  return !(passed && NEVER_ASKED.has(gate))
}

function explained(check: CheckAnswer, terminal: Terminal): readonly Value[] {
  const { action, agent, gates, person, policy_version: version, resource, risk } = check
  const { bold, dim, facts, text } = terminal
  const groups = person.groups.length > 0 ? `in ${person.groups.join(', ')}` : 'in no group'
  const near = uniqueRules(gates, 'nearest')
  return [
    '',
    ...facts([
      ['person', text`${person.name}  ${dim(groups)}`],
      ['agent', text`${agent.name}  ${dim(`trust level ${agent.trust}`)}`],
      ['action', text`${action}  ${dim(`at ${resource}, risk class ${risk}`)}`],
    ]),
    '',
    bold('What was looked at'),
    ...gates.filter(wasLookedAt).flatMap((gate) => gateLines(gate, terminal)),
    ...ruleLines('Rules that decided', uniqueRules(gates, 'policies'), version, terminal),
    ...ruleLines('What came nearest, and what it lacks', near, version, terminal),
  ]
}
