import {
  type ApiParts,
  acts,
  actsWith,
  type Operation,
  toJson,
  withParts,
} from '../../console/api/index.ts'
import * as kit from '../../console/operation-kit/schemas.ts'
import { endAccount } from '../../identity/ended-accounts/index.ts'
import { findPerson, type Person } from '../../identity/people/index.ts'
import { Problem } from '../../platform/lib/problem.ts'
import { findDecision } from '../../tasks/decision-log/index.ts'
import { closeTasksIn } from '../../tasks/tasks/index.ts'
import { eraseValues } from './erase-values.ts'
import {
  type ErasureParts,
  erasePerson,
  fateOfAccount,
  liftHold,
  setHold,
  showRetention,
} from './index.ts'
import { Erasure, Hold, KeptClass, LEDGER_ERASURE, RETENTION } from './operations.ts'

/** Parts that the operations of retention work with. */
export interface RetentionApi extends ApiParts {
  readonly retention: ErasureParts
}

const HOLD = Hold(kit)
const ERASURE = Erasure(kit)
const KEPT = KeptClass(kit)

const OF_RETENTION = actsWith<RetentionApi>()(RETENTION, {
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

/** Erases values beside records of the ledger. */
const OF_LEDGER = acts(LEDGER_ERASURE, {
  erase: async (parts, { body, caller }) => {
    const positions = await positionsOf(parts, body)
    const erased = await eraseValues(
      { storage: parts.decisions.storage, ledger: parts.ledger },
      { positions, by: caller.person.id, reason: `erasure.${body.why}` },
    )
    return { positions, erased }
  },
})

async function positionsOf(
  { decisions, ledger }: ApiParts,
  given: { readonly decision?: string; readonly positions?: readonly number[] },
): Promise<readonly number[]> {
  const { decision: id, positions } = given
  if ((id === undefined) === (positions === undefined))
    throw new Problem('request.malformed', 'either `decision` or `positions`')
  if (id === undefined) {
    const size = await ledger.size()
    const beyond = positions?.find((position) => position >= size)
    if (beyond !== undefined)
      throw new Problem('ledger.unknown_position', `the ledger has no ${beyond}`)
    return positions ?? []
  }
  const found = await findDecision(decisions.storage.read, id)
  if (!found) throw new Problem('decision.unknown', `there is no decision \`${id}\``)
  return ledger.positionsAbout({ id, at: found.at })
}

export const RETENTION_MODULE_OPERATIONS = [...OF_LEDGER, ...OF_RETENTION]

/** Makes the operations ready. */
export function retentionOperations(own: Pick<RetentionApi, 'retention'>): readonly Operation[] {
  return withParts(RETENTION_MODULE_OPERATIONS, own)
}
