import { indented } from '../../../platform/lib/terminal/table.ts'
import {
  bold,
  dim,
  green,
  red,
  type Text,
  text,
  type Value,
  yellow,
} from '../../../platform/lib/terminal/text.ts'
import type { AnswerOf } from '../server/operation-types.ts'
import { diffLines } from './diff.ts'

type PolicySuggestion = AnswerOf<'GET', '/policies/suggestion/:of/:id/policy'>
type Limit = PolicySuggestion['actions'][number]['limits'][number]

export function nothingLine(whose: string, since: string): Text {
  return dim(`${whose} was permitted nothing in ${since}: there is nothing to go by.`)
}

/** `remit policy suggest --policy` */
export function policyLines(
  found: PolicySuggestion,
  whose: string,
  since: string,
): readonly Value[] {
  const { actions, calls, changes, version } = found
  if (calls === 0) return [nothingLine(whose, since)]
  return [
    text`${bold(whose)} was permitted ${calls} calls in ${since}: by what it did, version ${version} could become`,
    '',
    ...(changes.length === 0
      ? [dim('the same: no rule that is for this agent alone permits more than it did')]
      : diffLines({ with: version, changes })),
    '',
    ...actions.flatMap(actionLines),
    '',
    replayed(found),
    ...indented(doubts(found)),
  ]
}

function actionLines({ action, calls, few, limits }: PolicySuggestion['actions'][number]): Text[] {
  const said = few
    ? yellow(`${calls} calls: too few to say anything about arguments`)
    : dim(`${calls} calls`)
  return [text`  ${bold(action)}  ${said}`, ...indented(limits.map(limitLine), 4)]
}

const WHY = {
  always: 'the same in all of them',
  few: 'one of these in all of them',
  most: 'the largest, and room above',
} as const

function limitLine({ op, path, values, why }: Limit): Text {
  const name = path.slice(1).replaceAll('/', '.')
  return text`${name} ${op === 'in' ? '=' : '≤'} ${values.join(' or ')}  ${dim(WHY[why])}`
}

function replayed({ calls, newly_denied: denied, overtaken }: PolicySuggestion): Text {
  const looked = calls - overtaken
  return denied === 0
    ? text`${green('✓')} it permits all of these ${looked} calls`
    : text`${red('✗')} it would deny ${denied} of these ${looked} calls`
}

/** Lines about the facts that a suggestion does not know. */
function doubts(found: PolicySuggestion): readonly Text[] {
  const { agent, beyond, cut, linked, overtaken, without_inputs: erased } = found
  const wide = Map.groupBy(beyond, ({ rules }) => rules.join(', '))
  return [
    ...Array.from(
      wide,
      ([rules, of]) =>
        text`${yellow('!')} ${rules} could still permit it ${of.map(({ action }) => action).join(', ')}: not for ${agent} alone, so left as it is`,
    ),
    ...(linked.length > 0
      ? [text`${yellow('!')} ${linked.join(', ')}: made by links, so left as it is`]
      : []),
    ...(overtaken > 0
      ? [
          text`${yellow('!')} ${overtaken} calls would not be permitted by the policies of now either`,
        ]
      : []),
    ...(cut
      ? [text`${yellow('!')} there were more calls than are looked at: shorten --since`]
      : []),
    ...(erased > 0
      ? [text`${yellow('!')} nothing is known of ${erased} more (older, or erased)`]
      : []),
    dim(
      text`what it does once a year was perhaps not seen; tests of policies say what has to stay`,
    ),
  ]
}

type QuieterPolicy = NonNullable<AnswerOf<'GET', '/approval-suggestions'>['draft']>

/** `remit policy suggest --approvals` */
export function quieterLines(draft: QuieterPolicy, agent: string): readonly Value[] {
  const { asked_now: now, asked_then: then, calls, changes, cut, linked, version } = draft
  const { newly_permitted: newly, without_inputs: erased } = draft
  return [
    text`by what people approved for ${bold(agent)}, version ${version} could become`,
    '',
    ...diffLines({ with: version, changes }),
    '',
    text`${green('✓')} of ${calls} recorded calls people would be asked about ${then} instead of ${now}`,
    newly === 0
      ? text`${green('✓')} it permits nothing that was denied`
      : text`${red('✗')} it permits ${newly} that were denied`,
    ...(linked.length > 0
      ? [text`${yellow('!')} ${linked.join(', ')}: made by templates or links, so left as it is`]
      : []),
    ...(cut ? [text`${yellow('!')} there were more calls than are looked at`] : []),
    ...(erased > 0
      ? [text`${yellow('!')} nothing is known of ${erased} more (older, or erased)`]
      : []),
    dim('people approved single calls; you decide whether they need not look any more'),
  ]
}
