import { Erasure, Hold, KeptClass, RETENTION } from '../api-operations/retention.ts'
import { Problem } from '../lib/problem.ts'
import * as kit from '../operation-kit/schemas.ts'
import { findPerson } from '../people/index.ts'
import { erasePerson, liftHold, setHold, showRetention } from '../retention/index.ts'
import { toJson } from './json.ts'
import { acts } from './operation.ts'
import type { ApiParts } from './parts.ts'

const HOLD = Hold(kit)
const ERASURE = Erasure(kit)
const KEPT = KeptClass(kit)

export const RETENTION_OPERATIONS = acts(RETENTION, {
  show: async ({ retention }) => {
    const { classes, erasures, holds } = await showRetention(retention)
    return {
      classes: classes.map((each) => toJson(KEPT, each, { days: each.days ?? null })),
      holds: holds.map((hold) => toJson(HOLD, hold)),
      erasures: erasures.map((erasure) => toJson(ERASURE, erasure)),
    }
  },
  hold: async (parts, { body, caller }) => {
    const { agent, from_at: from, matter, person, resource, task, until_at: until } = body
    if (person !== undefined) await requirePerson(parts, person)
    const hold = await setHold(parts.retention, {
      matter,
      by: caller.person.id,
      personId: person ?? null,
      agentId: agent ?? null,
      taskId: task ?? null,
      resource: resource ?? null,
      fromAt: from === undefined ? null : Date.parse(from),
      untilAt: until === undefined ? null : Date.parse(until),
    })
    return toJson(HOLD, hold)
  },
  lift: async ({ retention }, { caller, params }) =>
    toJson(HOLD, await liftHold(retention, { id: params.id, by: caller.person.id })),
  erase: async (parts, { body, caller }) => {
    await requirePerson(parts, body.person)
    const request = { personId: body.person, by: caller.person.id }
    return toJson(ERASURE, await erasePerson(parts.retention, request))
  },
})

/** @throws Problem `person.unknown` */
async function requirePerson({ people }: ApiParts, id: string): Promise<void> {
  if (!(await findPerson(people.storage.read, id)))
    throw new Problem('person.unknown', `there is no person \`${id}\``)
}
