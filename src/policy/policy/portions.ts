import type { PolicyJson } from '@cedar-policy/cedar-wasm/nodejs'
import { ISSUE, ISSUE_ACTIONS, isIssuance } from './issuance/actions.ts'
import { actionSchemas, givenNamesIn, namesIn } from './schema.ts'

/** Policies that are checked together, and as much of the schema as can make a difference to them. */
export interface Portion {
  readonly schema: string
  /** Keys of the policies. */
  readonly keys: readonly string[]
}

/** Policies about named actions that are checked together: their actions are few enough. */
const MAX_TOGETHER = 24
/** Stands in for every action of its groups, with no arguments; each schema of ours has one for each combination of groups. */
const STAND_IN = /^any:/

/**
 * Cedar's validator checks each policy for each action of the schema, so what it costs is their product: minutes for a thousand
 * rules over a thousand operations. Most rules need no more than a few of them:
 * - one that names its actions, by their own or by given names, is checked with those;
 * - one over groups, or over everything, that looks at no arguments, is checked with the stand-ins of the groups.
 * Everything else is checked with all actions, but with issuances only where it names one: to any other rule they are stand-ins
 * again. Everything under a schema that is not Remit's is checked with all of it.
 * INVARIANT: the parts left out cannot change the findings of a policy.
 */
export function portionsOf(
  policies: ReadonlyMap<string, { readonly shape: PolicyJson }>,
  schema: string,
): readonly Portion[] {
  const actions = actionSchemas(schema)
  const given = givenNamesIn(actions)
  const standIns = [...actions.keys()].filter((name) => STAND_IN.test(name))
  const whole: string[] = []
  const calls: string[] = []
  const plain: string[] = []
  const named: { readonly key: string; readonly names: readonly string[] }[] = []
  for (const [key, { shape }] of policies) {
    const names = actionsInScope(shape.action).flatMap((name) =>
      name === ISSUE ? ISSUE_ACTIONS : (given.get(name) ?? name),
    )
    const known = names.filter((name) => actions.has(name))
    if (standIns.length === 0 || namesIssuance(shape)) whole.push(key)
    else if (asksForActions(shape)) calls.push(key)
    else if (names.length > 0 && known.length === names.length) named.push({ key, names })
    else if (known.length === 0 && !looksAtArguments(shape) && areGroups(names, actions))
      plain.push(key)
    else (names.some(isIssuance) ? whole : calls).push(key)
  }
  const some = (names: Iterable<string>) => partOf(schema, new Set([...standIns, ...names]))
  const portions: Portion[] = whole.length > 0 ? [{ schema, keys: whole }] : []
  if (calls.length > 0)
    portions.push({
      schema: some([...actions.keys()].filter((name) => !isIssuance(name))),
      keys: calls,
    })
  if (plain.length > 0) portions.push({ schema: some([]), keys: plain })
  for (let i = 0; i < named.length; i += MAX_TOGETHER) {
    const together = named.slice(i, i + MAX_TOGETHER)
    portions.push({
      schema: some(together.flatMap(({ names }) => names)),
      keys: together.map(({ key }) => key),
    })
  }
  return portions
}

/** The actions and groups in the scope of a policy; none: it is about everything. */
export function actionsInScope(action: PolicyJson['action']): readonly string[] {
  const refs = 'entities' in action ? action.entities : 'entity' in action ? [action.entity] : []
  return refs.map((ref) => ('__entity' in ref ? ref.__entity.id : ref.id))
}

function areGroups(
  names: readonly string[],
  actions: ReadonlyMap<string, { readonly groups: readonly string[] }>,
): boolean {
  const groups = new Set([...actions.values()].flatMap((action) => action.groups))
  return names.every((name) => groups.has(name))
}

/** A condition that names an action needs to know all of them. */
function asksForActions({ conditions }: PolicyJson): boolean {
  return JSON.stringify(conditions).includes('"type":"Action"')
}

function namesIssuance(shape: PolicyJson): boolean {
  return asksForActions(shape) && JSON.stringify(shape.conditions).includes(`"${ISSUE}`)
}

/** A text that only looks like it counts, too: that costs time and nothing else. */
function looksAtArguments({ conditions }: PolicyJson): boolean {
  const text = JSON.stringify(conditions)
  const reads = text.split('{"Var":"context"}').length - 1
  const members = text.split('"left":{"Var":"context"},"attr":"').length - 1
  return text.includes('"args"') || reads !== members
}

/** The preamble, and the blocks of these actions. */
function partOf(schema: string, names: ReadonlySet<string>): string {
  const [preamble = '', ...blocks] = schema.trimEnd().split('\n\n')
  const kept = blocks.filter((block) => namesIn(block).names.some((name) => names.has(name)))
  return `${[preamble, ...kept].join('\n\n')}\n`
}
