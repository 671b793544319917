/**
 * Selects the entities that a caller would hand over with a request: those that it is about, what
 * they are in and name, and few others.
 */
import { isObject, type Json } from './json.ts'
import type { Random } from './random.ts'
import type { Entity, Odds, Ref, Request } from './world.ts'

export function sliceFor(
  random: Random,
  { action, context, principal, resource }: Request,
  all: readonly Entity[],
  { slips }: Odds,
): Entity[] {
  const byId = new Map(all.map((entity) => [nameOf(entity.uid), entity]))
  const about = [principal, resource, action]
  const named = about.flatMap((ref) => refsIn(byId.get(nameOf(ref))?.attrs ?? null))
  const wanted = new Set<string>()
  const take = (ref: Ref): void => {
    const name = nameOf(ref)
    if (wanted.has(name)) return
    wanted.add(name)
    for (const parent of byId.get(name)?.parents ?? []) take(parent)
  }
  for (const ref of [...about, ...named, ...refsIn(context)]) take(ref)
  return all.filter(({ uid }) =>
    wanted.has(nameOf(uid)) ? !random.chance(slips / 2) : random.chance(0.05),
  )
}

export function nameOf({ id, type }: Ref): string {
  return `${type}::${JSON.stringify(id)}`
}

function refsIn(value: Json): Ref[] {
  if (Array.isArray(value)) return value.flatMap(refsIn)
  if (!isObject(value)) return []
  const { __entity: ref } = value
  if (ref !== undefined) return [ref as Ref] // as: nothing else is written under this name
  return Object.values(value).flatMap(refsIn)
}
