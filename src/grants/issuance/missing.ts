import { contains, type Detail, intersect, type KindOf } from '@remit/engine'
import { canonicalJson } from '../../platform/lib/canonical-json.ts'
import type { Authority, AuthorityRequest } from './authority.ts'
import { type GrantRefusal, refused } from './refusal.ts'

/** Parts of a request that a grant has nothing of. */
export interface MissingAuthority {
  /** Parts that the person could still allow, within what the agent may have at all. */
  readonly askable: readonly Detail[]
  /** Parts that no person whom the agent can ask may allow. */
  readonly never: readonly Detail[]
}

/**
 * Finds what a grant has less than was asked for; `undefined`: nothing. `most`: what the person could allow at most; a part of it that
 * was asked for without bounds counts as it lies there, because the agent's own limits are no news to it.
 */
export function missingOf(
  asked: AuthorityRequest,
  got: Authority,
  most: Authority,
  kindOf: KindOf,
): MissingAuthority | undefined {
  const calls = lacking(asked.calls, got.details, most.details, kindOf)
  const delegates = lacking(asked.delegates ?? [], got.mayDelegate, most.mayDelegate, kindOf)
  const askable = [...calls.askable, ...delegates.askable]
  const never = [...calls.never, ...delegates.never]
  return askable.length + never.length === 0 ? undefined : { askable, never }
}

function lacking(
  asked: readonly Detail[],
  got: readonly Detail[],
  most: readonly Detail[],
  kindOf: KindOf,
): MissingAuthority {
  if (asked.length === 0 || contains(got, asked, kindOf)) return { askable: [], never: [] }
  const askable: Detail[] = []
  const never: Detail[] = []
  for (const piece of asked.flatMap(piecesOf)) {
    if (contains(got, [piece], kindOf)) continue
    const possible = intersect([piece], most, kindOf)
    const less = piece.bounds.length > 0 && !contains(possible, [piece], kindOf)
    if (possible.length === 0 || less) never.push(piece)
    else if (!contains(got, possible, kindOf)) askable.push(...possible)
  }
  return { askable: joined(askable), never: joined(never) }
}

/** One action at one location each. */
function piecesOf({ actions, locations, ...rest }: Detail): readonly Detail[] {
  return locations.flatMap((location) =>
    actions.map((action) => ({ ...rest, locations: [location], actions: [action] })),
  )
}

/** Puts actions of one place and the same bounds together again. */
function joined(pieces: readonly Detail[]): readonly Detail[] {
  const byRest = new Map<string, Detail>()
  for (const { actions, ...rest } of pieces) {
    const key = canonicalJson(rest)
    const known = byRest.get(key)?.actions ?? []
    byRest.set(key, { ...rest, actions: [...new Set([...known, ...actions])] })
  }
  return [...byRest.values()]
}

/** Refuses a request that needs all, where some of it cannot be had. */
export function incompleteAuthority({ askable, never }: MissingAuthority): GrantRefusal {
  return {
    ...refused('grant.incomplete', 'not all of it can be granted, and the request needs all'),
    members: { missing_authorization_details: [...askable, ...never] },
  }
}

export const NOTHING: Authority = { details: [], mayDelegate: [] }
