import {
  erasePerson,
  fateOfAccount,
  liftHold,
  setHold,
  showRetention,
} from '../../extensions/retention/index.ts'
import { endAccount } from '../../identity/ended-accounts/index.ts'
import { findPerson, type Person } from '../../identity/people/index.ts'
import { Problem } from '../../platform/lib/problem.ts'
import { closeTasksIn } from '../../tasks/tasks/index.ts'
import { Erasure, Hold, KeptClass, RETENTION } from '../api-operations/retention.ts'
import * as kit from '../operation-kit/schemas.ts'
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
    const request = { personId: body.person, by: caller.person.id }
    await requirePerson(parts, body.person)
    if (body.account) {
      await endAccount(parts.people, request)
      await closeTasks(parts, body.person)
    }
    const erasure = await erasePerson(parts.retention, request)
    const { status } = await requirePerson(parts, body.person)
    return toJson(ERASURE, erasure, { account: fateOfAccount(status, erasure) })
  },
})

/** Closes all tasks for a person whose account has ended: what belongs to an open task would not be erased. */
async function closeTasks({ decisions }: ApiParts, id: string): Promise<void> {
  const { live, storage } = decisions
  const change = await storage.lanes.revocation.transaction((tx) =>
    closeTasksIn(decisions, tx, { kind: 'person', id }, 'person.ended'),
  )
  await live.settle(change)
}

/** @throws Problem `person.unknown` */
async function requirePerson({ people }: ApiParts, id: string): Promise<Person> {
  const person = await findPerson(people.storage.read, id)
  if (!person) throw new Problem('person.unknown', `there is no person \`${id}\``)
  return person
}
