/** Policies with something wrong in them, at one random place of their JSON. */
import { isObject, type Json, object } from './json.ts'
import { long, string } from './literals.ts'
import type { Policy } from './policies.ts'
import type { Random } from './random.ts'

const NAMES = [
  'left',
  'right',
  'arg',
  'attr',
  'op',
  'entity',
  'slot',
  'Value',
  'Var',
  'Set',
  '==',
  'like',
  'ip',
  'Unknown',
]

export function corrupted(random: Random, policy: Policy): Policy {
  const { annotations: _, ...plain } = policy as Policy & { annotations?: Json }
  return at(random, plain as unknown as Json, random.below(sizeOf(plain as unknown as Json)))
    .value as unknown as Policy // as: that it may be none is the point
}

function sizeOf(value: Json): number {
  const members = Array.isArray(value) ? value : isObject(value) ? Object.values(value) : []
  return members.reduce<number>((sum, member) => sum + sizeOf(member), 1)
}

/** Changes the place that is reached after so many others. */
function at(random: Random, value: Json, left: number): { value: Json; left: number } {
  if (left === 0) return { value: changed(random, value), left: -1 }
  let rest = left - 1
  const visit = (member: Json): Json => {
    if (rest < 0) return member
    const done = at(random, member, rest)
    rest = done.left
    return done.value
  }
  if (Array.isArray(value)) return { value: value.map(visit), left: rest }
  if (!isObject(value)) return { value, left: rest }
  const members = Object.entries(value).map(([name, member]) => [name, visit(member)] as const)
  return { value: object(members), left: rest }
}

function changed(random: Random, value: Json): Json {
  if (isObject(value) && random.chance(0.6)) return changedObject(random, value)
  if (Array.isArray(value) && random.chance(0.6)) {
    return random.chance(0.5) ? value.slice(1) : [...value, value[0] ?? null]
  }
  return random.pick<Json>([
    null,
    true,
    1.5,
    long(random, 0.5),
    string(random, 0.5),
    [],
    {},
    { Value: 1 },
    { Var: 'principal' },
    { type: 'User', id: '0' },
    { __entity: { type: 'User', id: '0' } },
    { __extn: { fn: 'decimal', arg: '1.0' } },
  ])
}

function changedObject(random: Random, value: { readonly [name: string]: Json }): Json {
  const members = Object.entries(value)
  const which = random.below(members.length + 1)
  const name = random.pick(NAMES)
  const kept = members.filter((_, i) => i !== which)
  if (random.chance(0.3)) return object(kept)
  const [, member = 1] = members[which] ?? []
  return object(random.chance(0.5) ? [...kept, [name, member]] : [...members, [name, member]])
}
