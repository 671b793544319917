import type { PolicyJson } from '@cedar-policy/cedar-wasm/nodejs'
import { isGivenName } from '../schema.ts'
import type { LimitedAction } from './limits.ts'

/** Tells whether a rule names its actions one by one, not by a group. */
export function isNamed(
  { action }: Pick<PolicyJson, 'action'>,
  scope: readonly Pick<LimitedAction, 'name' | 'groups'>[],
): boolean {
  if (action.op === 'All') return false
  const names = new Set(scope.flatMap(({ groups, name }) => [name, ...groups.filter(isGivenName)]))
  return refsOf(action).every((ref) => names.has(ref))
}

function refsOf(action: PolicyJson['action']): readonly string[] {
  const refs = 'entities' in action ? action.entities : 'entity' in action ? [action.entity] : []
  return refs.map((ref) => ('__entity' in ref ? ref.__entity.id : ref.id))
}

/** The actions that a policy can apply to. */
export function inScope<T extends Pick<LimitedAction, 'name' | 'groups'>>(
  { action }: Pick<PolicyJson, 'action'>,
  actions: readonly T[],
): readonly T[] {
  if (action.op === 'All') return actions
  const names = new Set(refsOf(action))
  return actions.filter(({ groups, name }) => [name, ...groups].some((each) => names.has(each)))
}
