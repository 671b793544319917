import type { PolicyJson } from '@cedar-policy/cedar-wasm/nodejs'
import type { Obligation } from '@remit/engine'
import { reach } from '../../../catalog/argument-types/index.ts'
import type { Answers } from '../../../catalog/catalog/index.ts'
import { nearest } from '../../../platform/lib/closest-match.ts'
import {
  type Findings,
  type ParsedPolicy,
  readExactJson,
  readObligations,
} from '../../cedar/index.ts'
import { type LimitedAction, limitedActions } from './limits.ts'
import { inScope, isNamed } from './scope.ts'

/** One part of an answer that a permit obliges to change. */
interface Part {
  readonly path: string
  /** True when it is to be cut: then it has to be a list. */
  readonly list: boolean
}

/** Statement of one action about a part. */
type PartStatement =
  | { readonly of: 'unknown' | 'there' }
  | { readonly of: 'never'; readonly words: string; readonly help: string | undefined }

/**
 * Parts of answers that rules redact, hash or cut and that no answer has: such a rule would silently do nothing. Refused where the
 * actions are named, warned of where it is about all that there are by now, or where they do not say what they answer.
 */
export async function checkAnswers(
  policies: readonly ParsedPolicy[],
  { answers, schema }: { readonly answers: Pick<Answers, 'of'>; readonly schema: string },
  found: Findings,
): Promise<void> {
  const changing = policies.filter(({ text }) => /@(?:redact|hash|cap)\b/.test(text))
  if (changing.length === 0) return
  const actions = limitedActions(schema)
  for (const policy of changing) {
    const json = readExactJson(policy.json) as PolicyJson // as: what `exactJson` wrote of Cedar's form
    const scope = ofResource(json, inScope(json, actions))
    const annotations = json.annotations ?? {}
    const parts = partsOf(readObligations(policy.id, json.effect, annotations, []))
    const named = isNamed(json, scope)
    const unknown = new Set<string>()
    for (const part of parts) {
      const said = await saidOf(scope, part, answers)
      if (said.every(({ of }) => of === 'never')) reportPart(policy, part, said, { found, named })
      else if (said.every(({ of }) => of !== 'there')) unknown.add(part.path)
    }
    if (unknown.size > 0) warnUnknown(policy, [...unknown], scope, found)
  }
}

/**
 * Answers the actions that the resource of the rule leaves: a permit for one API is about its
 * actions only.
 */
function ofResource(
  { resource }: PolicyJson,
  scope: readonly LimitedAction[],
): readonly LimitedAction[] {
  if (resource.op !== '==' || !('entity' in resource)) return scope
  const { entity } = resource
  const id = '__entity' in entity ? entity.__entity.id : entity.id
  return scope.filter(({ name }) => name.startsWith(`${id}.`))
}

function partsOf(obligations: readonly Obligation[]): readonly Part[] {
  return obligations.flatMap(({ properties, type }): Part[] => {
    if (type === 'cap') return [{ path: properties.path ?? '', list: true }]
    if (type !== 'redact' && type !== 'hash') return []
    return (properties.paths ?? '').split(' ').map((path) => ({ path, list: false }))
  })
}

async function saidOf(
  scope: readonly LimitedAction[],
  { list, path }: Part,
  answers: Pick<Answers, 'of'>,
): Promise<readonly PartStatement[]> {
  const said: PartStatement[] = []
  for (const { name } of scope) {
    const shape = await answers.of(name)
    const reached = shape && reach(shape, path)
    if (!reached) said.push({ of: 'unknown' })
    else if (!reached.there) {
      const { missing, names } = reached
      const words = `no answer of \`${name}\` has \`${missing}\` there`
      said.push({ of: 'never', words, help: nearest(missing, names) ?? thereAre(names) })
    } else if (list && !['list', 'any'].some((kind) => reached.kinds.has(kind as 'list' | 'any')))
      said.push({
        of: 'never',
        words: `it is never a list in answers of \`${name}\``,
        help: undefined,
      })
    else said.push({ of: 'there' })
  }
  return said
}

const MAX_NAMED = 12

function thereAre(names: readonly string[]): string | undefined {
  if (names.length === 0) return undefined
  const more = names.length > MAX_NAMED ? ', …' : ''
  return `there are: ${names.slice(0, MAX_NAMED).join(', ')}${more}`
}

function reportPart(
  policy: ParsedPolicy,
  { path }: Part,
  said: readonly PartStatement[],
  { found, named }: { readonly found: Findings; readonly named: boolean },
): void {
  const [first] = said.flatMap((each) => (each.of === 'never' ? [each] : []))
  if (!first) return
  const more = said.length > 1 ? `, nor in those of ${said.length - 1} more` : ''
  const message = `\`${path}\`: ${first.words}${more}, so nothing would be done`
  const at = placeIn(policy, path)
  if (named) found.mistake(policy.id, at, message, first.help)
  else found.warning(policy.id, at, message, first.help)
}

function warnUnknown(
  policy: ParsedPolicy,
  paths: readonly string[],
  scope: readonly LimitedAction[],
  found: Findings,
): void {
  const [first, ...more] = scope
  const whose = `\`${first?.name}\`${more.length > 0 ? ` and ${more.length} more` : ''}`
  const shown = paths.map((path) => `\`${path}\``).join(', ')
  found.warning(
    policy.id,
    placeIn(policy, paths[0] ?? ''),
    `whether answers of ${whose} have ${shown} is not known: their description does not say`,
    'try it with a call, or describe the answers in the document of the API',
  )
}

function placeIn({ link, start, text }: ParsedPolicy, path: string): number {
  // Which of the links it is about is what matters.
  if (link !== undefined) return link
  const at = text.search(/@(?:redact|hash|cap)\b/)
  const place = text.indexOf(path, Math.max(0, at))
  return start + Math.max(0, place)
}
