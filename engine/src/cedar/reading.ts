/** The operators that look at entities: attributes, tags, hierarchy, types. */
import { groupBy } from '../group-by.ts'
import type { EntityRef } from '../policy.ts'
import type { StoredEntity } from './entities.ts'
import { wrongType } from './extensions.ts'
import { EvaluationFailure } from './failure.ts'
import { any, folded, type Part, type Run, test } from './run.ts'
import { EntityUid, RecordValue, SetValue, type Value } from './value.ts'

export function attribute(left: Part, name: string): Part {
  const { run: of } = left
  const made = any((run) => attributeOf(of(run), name, run))
  return left.kind === 'constant' && left.value instanceof RecordValue ? folded([left], made) : made
}

/** An attribute of the context: the most common of all. */
export function ofContext(name: string): Part {
  return any(({ context }) => {
    const value = context.members.get(name)
    if (value === undefined) throw missing('the context', name)
    return value
  })
}

function attributeOf(value: Value, name: string, run: Run): Value {
  if (value instanceof RecordValue) {
    const found = value.members.get(name)
    if (found === undefined) throw missing('the record', name)
    return found
  }
  if (!(value instanceof EntityUid)) throw wrongType('record or entity', value)
  const entity = stored(value, run)
  const found = entity.attributes.get(name)
  if (found === undefined) throw missing(words(value), name)
  return found
}

function stored(uid: EntityUid, run: Run): StoredEntity {
  const entity = run.entities.get(uid)
  if (entity === undefined) throw new EvaluationFailure(`the entity ${words(uid)} does not exist`)
  return entity
}

function missing(of: string, name: string): EvaluationFailure {
  return new EvaluationFailure(`${of} has no ${JSON.stringify(name)}`)
}

function words({ id, type }: EntityUid): string {
  return `${type}::${JSON.stringify(id)}`
}

/** `has a`, and `has a.b.c`: every one of them, and all but the last something that can have the next. */
export function has(left: Part, path: readonly string[]): Part {
  const [first = '', ...rest] = path
  const { run: of } = left
  const made =
    rest.length === 0
      ? test((run) => hasAttribute(of(run), first, run))
      : test((run) => hasPath(of(run), path, run))
  return left.kind === 'constant' && left.value instanceof RecordValue && rest.length === 0
    ? folded([left], made)
    : made
}

function hasAttribute(value: Value, name: string, run: Run): boolean {
  if (value instanceof RecordValue) return value.members.has(name)
  if (!(value instanceof EntityUid)) throw wrongType('record or entity', value)
  return run.entities.get(value)?.attributes.has(name) === true
}

function hasPath(value: Value, path: readonly string[], run: Run): boolean {
  let here = value
  for (const [i, name] of path.entries()) {
    if (!hasAttribute(here, name, run)) return false
    if (i < path.length - 1) here = attributeOf(here, name, run)
  }
  return true
}

export function hasTag(left: Part, right: Part): Part {
  const [of, named] = [left.run, right.run]
  return test((run) => {
    const uid = entityOf(of(run))
    const name = textOf(named(run))
    return run.entities.get(uid)?.tags.has(name) === true
  })
}

export function getTag(left: Part, right: Part): Part {
  const [of, named] = [left.run, right.run]
  return any((run) => {
    const uid = entityOf(of(run))
    const name = textOf(named(run))
    const value = stored(uid, run).tags.get(name)
    if (value === undefined)
      throw new EvaluationFailure(`${words(uid)} has no tag ${JSON.stringify(name)}`)
    return value
  })
}

export function is(left: Part, type: string): Part {
  const { run: of } = left
  return folded(
    [left],
    test((run) => entityOf(of(run)).type === type),
  )
}

export function isIn(left: Part, right: Part): Part {
  const [of, above] = [left.run, right.run]
  const known = right.kind === 'constant' ? targetsOf(right.value) : undefined
  const [only] = known ?? []
  if (only && known?.length === 1) return test((run) => isWithin(entityOf(of(run)), only, run))
  if (known) {
    const groups = Array.from(
      groupBy(known, ({ type }) => type),
      ([type, all]) => ({ type, ids: new Set(all.map(({ id }) => id)) }),
    )
    return test((run) => isWithinAny(entityOf(of(run)), groups, run))
  }
  return test((run) => {
    const uid = entityOf(of(run))
    const value = above(run)
    const targets = targetsOf(value)
    if (!targets) throw wrongType('entity, or a set of entities', value)
    return targets.some((target) => isWithin(uid, target, run))
  })
}

/** An entity, or entities; `undefined` for what holds anything else. */
function targetsOf(value: Value): readonly EntityUid[] | undefined {
  if (value instanceof EntityUid) return [value]
  if (!(value instanceof SetValue)) return undefined
  const entities = value.items.filter((item) => item instanceof EntityUid)
  return entities.length === value.items.length ? entities : undefined
}

/** Tells whether it is that entity, or below it. */
export function isWithin(uid: EntityUid, target: EntityRef, run: Run): boolean {
  return uid.is(target) || run.entities.get(uid)?.ancestors.has(target) === true
}

interface Group {
  readonly type: string
  readonly ids: ReadonlySet<string>
}

function isWithinAny(uid: EntityUid, groups: readonly Group[], run: Run): boolean {
  for (const { ids, type } of groups) if (type === uid.type && ids.has(uid.id)) return true
  const ancestors = run.entities.get(uid)?.ancestors
  if (ancestors === undefined) return false
  for (const { ids, type } of groups) {
    const above = ancestors.ofType(type)
    if (above && meet(ids, above)) return true
  }
  return false
}

function meet(a: ReadonlySet<string>, b: ReadonlySet<string>): boolean {
  const [fewer, more] = a.size < b.size ? [a, b] : [b, a]
  for (const id of fewer) if (more.has(id)) return true
  return false
}

export function entityOf(value: Value): EntityUid {
  if (value instanceof EntityUid) return value
  throw wrongType('entity', value)
}

export function textOf(value: Value): string {
  if (typeof value === 'string') return value
  throw wrongType('string', value)
}
