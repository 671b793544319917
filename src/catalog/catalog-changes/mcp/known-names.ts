import { type Action, givenNames } from '../../catalog/index.ts'
import { freeName, type KnownName } from '../plan-resource.ts'

/** Names the actions of an MCP server as they are called now, for the next import of it: first by their own names. */
export function knownNames(actions: readonly Action[]): readonly KnownName[] {
  return actions.flatMap((action) => {
    const { definition, name: own } = action
    if (!definition) return []
    const { kind, name: wire } = definition
    return [own, ...givenNames(action)].map((name) => ({ name, kind, wire }))
  })
}

/**
 * The name of a tool, prompt or the reading of resources.
 * INVARIANT: ceilings, consents, tasks and policies speak of names. So one that is known goes on to mean what it means, whatever else
 * the server offers by now, and no other tool gets it.
 */
export function nameFor(
  { kind, wire, wish }: Pick<KnownName, 'kind' | 'wire'> & { readonly wish: string },
  known: readonly KnownName[],
  taken: ReadonlyMap<string, unknown>,
): string {
  const own = known.find((each) => each.kind === kind && each.wire === wire)
  if (own) return own.name
  return freeName(wish, new Map([...taken, ...known.map(({ name }) => [name, true] as const)]))
}
