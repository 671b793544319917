import type { Text, Value } from '../../../platform/lib/terminal/text.ts'
import type { SchemaKit, TypeOf } from '../../operation-kit/operation.ts'
import type { Terminal } from '../../operation-kit/terminal.ts'

export const EverRule = ({ Type }: SchemaKit) =>
  Type.Object({
    id: Type.String(),
    file: Type.Union([Type.String(), Type.Null()]),
    line: Type.Integer(),
    conditions: Type.Array(
      Type.String({ description: 'as they are written, where they ask about the call' }),
    ),
    approvers: Type.Array(Type.String({ description: 'who can lift it for one call' })),
  })

const For = ({ Type }: SchemaKit) =>
  Type.Object({
    person: Type.String(),
    person_name: Type.Union([Type.String(), Type.Null()]),
    by: Type.Enum(['basis', 'sponsor grant']),
  })

const means = (kit: SchemaKit) => ({
  permits: kit.Type.Array(EverRule(kit)),
  forbids: kit.Type.Array(EverRule(kit)),
})

export const WhoCan = (kit: SchemaKit) => {
  const { Type } = kit
  return Type.Object({
    version: Type.Integer(),
    action: Type.String(),
    resource: Type.String(),
    people: Type.Array(Type.Object({ id: Type.String(), name: Type.String(), ...means(kit) })),
    agents: Type.Array(
      Type.Object({
        id: Type.String(),
        within: Type.Array(Type.String({ description: 'of its ceiling' })),
        for: Type.Array(For(kit)),
        ...means(kit),
      }),
    ),
    cut: Type.Boolean({ description: 'there are more than are looked at' }),
  })
}

export const WhatCan = (kit: SchemaKit) => {
  const { Type } = kit
  return Type.Object({
    version: Type.Integer(),
    agent: Type.String(),
    actions: Type.Array(
      Type.Object({
        action: Type.String(),
        resource: Type.String(),
        risk: Type.String(),
        within: Type.Array(Type.String()),
        for: Type.Array(For(kit)),
        possible: Type.Boolean(),
        because: Type.Union([Type.Enum(['nothing_permits', 'forbidden', 'fails']), Type.Null()]),
        ...means(kit),
      }),
    ),
  })
}

type WhoAnswer = TypeOf<{ answer: ReturnType<typeof WhoCan> }, 'answer'>
type WhatAnswer = TypeOf<{ answer: ReturnType<typeof WhatCan> }, 'answer'>
type ActionAnswer = WhatAnswer['actions'][number]
type DeterminingRules = Pick<ActionAnswer, 'permits' | 'forbids'>
type Rule = DeterminingRules['permits'][number]

export function whoLines(
  { action, agents, cut, people, version }: WhoAnswer,
  terminal: Terminal,
): readonly Value[] {
  const { bold, dim, green, joined, section, text, yellow } = terminal
  return [
    text`Who could ever do ${bold(action)}, by version ${version}: one of these people, through one of these agents`,
    ...section('People', groupedPeople(people, terminal), 'no one'),
    ...section(
      'Agents',
      agents.flatMap((agent) => [
        text`${green('✓')} ${bold(agent.id)}  ${dim(joined(agent.within, ', or '))}`,
        ...forLines(agent.for, terminal),
        ...ruleLinesOf(agent, terminal),
      ]),
    ),
    '',
    dim('Everybody else is denied it in every call, as groups, ceilings and policies are now.'),
    ...(cut ? [yellow('There are more people than were looked at.')] : []),
  ]
}

/** People about whom the same rules say the same, together. */
function groupedPeople(people: WhoAnswer['people'], terminal: Terminal): readonly Text[] {
  const { bold, green, joined, text } = terminal
  const alike = Map.groupBy(people, ({ forbids, permits }) => JSON.stringify([permits, forbids]))
  return [...alike.values()].flatMap((same) => {
    const shown = same.slice(0, 8).map(({ name }) => bold(name))
    const more = same.length > 8 ? ` and ${same.length - 8} more` : ''
    const [first] = same
    return [
      text`${green('✓')} ${joined(shown, ', ')}${more}`,
      ...(first ? ruleLinesOf(first, terminal) : []),
    ]
  })
}

const NEVER = {
  nothing_permits: 'no rule permits it',
  forbidden: 'always forbidden',
  fails: 'a rule that applies cannot be evaluated',
} as const

export function whatLines(
  { actions, agent, version }: WhatAnswer,
  terminal: Terminal,
): readonly Value[] {
  const { bold, dim, green, indented, joined, red, text } = terminal
  return [
    text`What ${bold(agent)} could ever do, by version ${version}, for people who may do it themselves`,
    '',
    ...(actions.length === 0 ? [dim('  nothing: its ceiling names no action of the catalog')] : []),
    ...alikeActions(actions).flatMap(([each, same]) => {
      const { action, because, forbids, possible, within } = each
      const mark = possible ? green('✓') : red('✗')
      const why = because === null ? '' : `  ${NEVER[because]}`
      const names = same.map((one) => text`${bold(one.action)} ${dim(one.risk)}`)
      const ceilings = within.filter((one) => one !== action).map((one) => text`ceiling: ${one}`)
      const lines = possible
        ? [...indented(ceilings), ...forLines(each.for, terminal), ...ruleLinesOf(each, terminal)]
        : indented(forbids.map((rule) => text`by ${placeText(rule, terminal)}`))
      return indented([text`${mark} ${joined(names, ', ')}${why}`, ...lines])
    }),
    '',
    dim('Every other call of it is denied, as ceilings and policies are now.'),
  ]
}

/** Actions about which the same is said, together. */
function alikeActions(
  actions: WhatAnswer['actions'],
): readonly (readonly [ActionAnswer, readonly ActionAnswer[]])[] {
  const groups = Map.groupBy(actions, ({ action, risk: _, within, ...said }) =>
    JSON.stringify([said, within.map((one) => one.replace(action, ''))]),
  )
  return [...groups.values()].flatMap((same) => (same[0] ? [[same[0], same] as const] : []))
}

function forLines(
  whom: ActionAnswer['for'],
  { dim, indented, joined, text }: Terminal,
): readonly Text[] {
  const names = whom
    .slice(0, 6)
    .map((each) => text`${each.person_name ?? each.person} ${dim(`(${each.by})`)}`)
  const more = whom.length > 6 ? ` and ${whom.length - 6} more` : ''
  const line =
    whom.length > 0
      ? text`for ${joined(names, ', ')}${more}`
      : text`for no one yet: a person has to consent first`
  return indented([dim(line)])
}

function ruleLinesOf({ forbids, permits }: DeterminingRules, terminal: Terminal): readonly Text[] {
  return terminal.indented([
    ...permits.flatMap((rule) => ruleLines('if', rule, terminal)),
    ...forbids.flatMap((rule) => {
      const { approvers } = rule
      const word = approvers.length > 0 ? `asks ${approvers.join(', ')}` : 'unless'
      return ruleLines(word, rule, terminal)
    }),
  ])
}

function placeText({ file, id, line }: Rule, { dim }: Terminal): Text {
  return dim(`${id}, ${file === null ? `line ${line}` : `${file}:${line}`}`)
}

function ruleLines(word: string, rule: Rule, terminal: Terminal): readonly Text[] {
  const { text } = terminal
  const place = placeText(rule, terminal)
  const [first, ...more] = rule.conditions.map((condition) => condition.replace(/^when /, ''))
  if (first === undefined) return [text`${word === 'if' ? 'by' : word} ${place}`]
  return [text`${word} ${first}  ${place}`, ...more.map((each) => text`   and ${each}`)]
}
