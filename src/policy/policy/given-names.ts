import type { PolicyJson } from '@cedar-policy/cedar-wasm/nodejs'

/**
 * Finds a name that an administrator gave an action in a place where Cedar takes it for the action itself, which nothing ever is: it is
 * a group with that action alone. `undefined`: there is none.
 * INVARIANT: no author believes that such a rule has an effect when it has none.
 */
export function misusedGivenName(
  { action, conditions }: Pick<PolicyJson, 'action' | 'conditions'>,
  given: ReadonlyMap<string, unknown>,
): string | undefined {
  if (given.size === 0) return undefined
  const inScope = action.op === '==' && 'entity' in action ? idOf(action.entity) : undefined
  if (inScope !== undefined && given.has(inScope)) return inScope
  return misusedIn(conditions, given, false)
}

/** Looks through an expression; `grouped`: it is what something has to be `in`. */
function misusedIn(
  value: unknown,
  given: ReadonlyMap<string, unknown>,
  grouped: boolean,
): string | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  const named = idOf(value)
  if (named !== undefined) return !grouped && given.has(named) ? named : undefined
  for (const [name, member] of Object.entries(value)) {
    const found =
      name === 'in' && isOperation(member)
        ? (misusedIn(member.left, given, false) ?? misusedIn(member.right, given, true))
        : misusedIn(
            member,
            given,
            grouped && (name === 'Set' || name === 'Value' || Array.isArray(value)),
          )
    if (found !== undefined) return found
  }
  return undefined
}

function isOperation(value: unknown): value is { readonly left: unknown; readonly right: unknown } {
  return typeof value === 'object' && value !== null && 'left' in value && 'right' in value
}

/** The id of an action, in either form that Cedar writes it in. */
function idOf(value: object): string | undefined {
  const entity: unknown = '__entity' in value ? value.__entity : value
  if (typeof entity !== 'object' || entity === null || !('type' in entity && 'id' in entity))
    return undefined
  return entity.type === 'Action' && typeof entity.id === 'string' ? entity.id : undefined
}
