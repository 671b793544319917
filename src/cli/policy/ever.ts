import type { Command } from 'commander'
import { indented } from '../../lib/terminal/table.ts'
import {
  bold,
  dim,
  green,
  joined,
  red,
  type Text,
  text,
  type Value,
  yellow,
} from '../../lib/terminal/text.ts'
import { command, type Start } from '../command.ts'
import type { AnswerOf } from '../server/operation-types.ts'

type Who = AnswerOf<'GET', '/policies/who/:action'>
type What = AnswerOf<'GET', '/policies/what/:agent'>
type Means = Pick<Who['people'][number], 'permits' | 'forbids'>
type Rule = Means['permits'][number]
type For = What['actions'][number]['for'][number]

/** `remit policy who ACTION` */
export function whoCommand(start: Start): Command {
  return command('who', 'Everybody who could ever do something, and on what conditions.', [
    'remit policy who refund',
    'remit policy who orders.refund',
  ])
    .argument('<action>', 'its name, or the end of one that no other has')
    .action(async (action: string, _options: object, invoked: Command) => {
      const cli = await start(invoked)
      const who = await cli.api.call('GET', '/policies/who/:action', { params: { action } })
      cli.answer(who, () => whoLines(who))
    })
}

/** `remit policy what --agent NAME` */
export function whatCommand(start: Start): Command {
  return command('what', 'What an agent could ever do, and on what conditions.', [
    'remit policy what --agent refund-bot',
  ])
    .requiredOption('--agent <name>', 'the agent')
    .action(async (options: { agent: string }, invoked: Command) => {
      const cli = await start(invoked)
      const what = await cli.api.call('GET', '/policies/what/:agent', { params: options })
      cli.answer(what, () => whatLines(what))
    })
}

function whoLines({ action, agents, cut, people, version }: Who): readonly Value[] {
  return [
    text`Who could ever do ${bold(action)}, by version ${version}: one of these people, through one of these agents`,
    '',
    bold('People'),
    ...(people.length === 0 ? [dim('  nobody')] : groupedPeople(people)),
    '',
    bold('Agents'),
    ...(agents.length === 0 ? [dim('  none')] : []),
    ...agents.flatMap((agent) => [
      text`  ${green('✓')} ${bold(agent.id)}  ${dim(joined(agent.within, ', or '))}`,
      ...forLines(agent.for, 4),
      ...meansLines(agent, 4),
    ]),
    '',
    dim('Everybody else is denied it in every call, as groups, ceilings and policies are now.'),
    ...(cut ? [yellow('There are more people than were looked at.')] : []),
  ]
}

/** People about whom the same rules say the same, together. */
function groupedPeople(people: Who['people']): readonly Value[] {
  const alike = Map.groupBy(people, ({ forbids, permits }) => JSON.stringify([permits, forbids]))
  return [...alike.values()].flatMap((same) => {
    const shown = same.slice(0, 8).map(({ name }) => bold(name))
    const more = same.length > 8 ? text` and ${same.length - 8} more` : text``
    const [first] = same
    return [
      text`  ${green('✓')} ${joined(shown, ', ')}${more}`,
      ...(first ? meansLines(first, 4) : []),
    ]
  })
}

const NEVER = {
  nothing_permits: 'no rule permits it',
  forbidden: 'always forbidden',
  fails: 'a rule that applies cannot be evaluated',
} as const

function whatLines({ actions, agent, version }: What): readonly Value[] {
  return [
    text`What ${bold(agent)} could ever do, by version ${version}, for people who may do it themselves`,
    '',
    ...(actions.length === 0 ? [dim('  nothing: its ceiling names no action of the catalog')] : []),
    ...alike(actions).flatMap(([each, same]) => {
      const { action, because, forbids, possible, within } = each
      const mark = possible ? green('✓') : red('✗')
      const why = because === null ? '' : `  ${NEVER[because]}`
      const names = same.map((one) => text`${bold(one.action)} ${dim(one.risk)}`)
      return [
        text`  ${mark} ${joined(names, ', ')}${why}`,
        ...(possible
          ? [
              ...indented(
                within.filter((one) => one !== action).map((one) => text`ceiling: ${one}`),
                4,
              ),
              ...forLines(each.for, 4),
              ...meansLines(each, 4),
            ]
          : indented(
              forbids.map((rule) => text`by ${placeText(rule)}`),
              4,
            )),
      ]
    }),
    '',
    dim('Every other call of it is denied, as ceilings and policies are now.'),
  ]
}

/** Actions about which the same is said, together. */
function alike(
  actions: What['actions'],
): readonly (readonly [What['actions'][number], What['actions']])[] {
  const groups = Map.groupBy(actions, ({ action, risk: _, within, ...said }) =>
    JSON.stringify([said, within.map((one) => one.replace(action, ''))]),
  )
  return [...groups.values()].flatMap((same) => (same[0] ? [[same[0], same] as const] : []))
}

function forLines(whom: readonly For[], by: number): readonly Text[] {
  const names = whom
    .slice(0, 6)
    .map((each) => text`${each.person_name ?? each.person} ${dim(`(${each.by})`)}`)
  const more = whom.length > 6 ? text` and ${whom.length - 6} more` : text``
  const line =
    whom.length > 0
      ? text`for ${joined(names, ', ')}${more}`
      : text`for nobody yet: somebody has to consent first`
  return indented([dim(line)], by)
}

function meansLines({ forbids, permits }: Means, by: number): readonly Text[] {
  return indented(
    [
      ...permits.flatMap((rule) => ruleLines('if', rule)),
      ...forbids.flatMap((rule) =>
        ruleLines(rule.approvers.length > 0 ? `asks ${rule.approvers.join(', ')}` : 'unless', rule),
      ),
    ],
    by,
  )
}

function placeText({ file, id, line }: Pick<Rule, 'file' | 'id' | 'line'>): Text {
  return dim(text`${id}, ${file === null ? `line ${line}` : `${file}:${line}`}`)
}

function ruleLines(word: string, { conditions, ...rule }: Rule): readonly Text[] {
  const place = placeText(rule)
  if (conditions.length === 0) return [text`${word === 'if' ? 'by' : word} ${place}`]
  const [first, ...more] = conditions.map((condition) => condition.replace(/^when /, ''))
  return [text`${word} ${first}  ${place}`, ...more.map((each) => text`   and ${each}`)]
}
