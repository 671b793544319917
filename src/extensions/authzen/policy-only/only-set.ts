import type { LiveKey } from '../../../platform/revocation/index.ts'

/**
 * A set of policies that answers by itself: with a schema and entities of its own, about whatever they are about. It knows
 * nothing of persons, agents and tasks, and nothing in it decides a call. One version, never changed.
 */
export interface PolicyOnlySet {
  readonly name: string
  /** Version, from 1. The highest of a name is the one in force. */
  readonly version: number
  /** Cedar policies. */
  readonly policies: string
  /** Cedar schema, in the form that people write. */
  readonly schema: string
  /** Cedar's JSON form of entities, values written as the schema types them. */
  readonly entities: string
  readonly digest: string
  readonly note: string
  readonly by: string
  readonly at: number
}

export type OnlySetText = Pick<PolicyOnlySet, 'policies' | 'schema' | 'entities'>

export const ONLY_LIMITS = {
  schemaBytes: 256 * 1024,
  entityBytes: 4 * 1024 * 1024,
  entities: 20_000,
  /** Sets that are loaded at once in one process. */
  loaded: 64,
} as const

/** Answers the live key of a set; its epoch is raised with every version. */
export function onlySetKey(name: string): LiveKey {
  return { kind: 'policy', id: `only:${name}` }
}
