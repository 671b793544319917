import type { PolicyEntity } from './policy.ts'

const kept = new WeakSet<readonly PolicyEntity[]>()

/**
 * Marks a list of entities that comes with many calls and never changes: what is made of it is kept for the next call. A list of one call
 * is not marked. To collect what a `WeakMap` keeps of it costs more than to make it again.
 */
export function keepEntities(list: readonly PolicyEntity[]): readonly PolicyEntity[] {
  kept.add(list)
  return list
}

export function areKept(list: readonly PolicyEntity[]): boolean {
  return kept.has(list)
}
