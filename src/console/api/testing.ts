import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { assertRequestable } from '../../../test/refusals.ts'
import type { PersonName, World } from '../../../test/world.ts'
import { findRequest } from '../../approvals/access-requests/index.ts'
import { breakGlass, planBreakGlass } from '../../approvals/approvals/break-glass/index.ts'
import { planImport } from '../../catalog/catalog/testing.ts'
import { applyImport, listOffers } from '../../catalog/catalog-changes/index.ts'
import { setHold } from '../../extensions/retention/index.ts'
import { addAdmissionRule } from '../../identity/client-metadata/index.ts'
import { endAccount, eraseAccount } from '../../identity/ended-accounts/index.ts'
import { insertPerson } from '../../identity/people/index.ts'
import { newId } from '../../platform/lib/id.ts'
import type { ProblemCode } from '../../platform/lib/problem.ts'
import { publishPolicies } from '../../policy/policy/index.ts'
import { setLimit } from '../../tasks/budgets/index.ts'
import { raiseSignal } from '../../tasks/risk/index.ts'
import type { SignedAct } from '../operation-kit/operation.ts'

/** A right input of an operation that widens access, and one that differs in a detail. */
export interface Sample {
  /** Default: Ada, an administrator. */
  readonly as?: PersonName
  /** Code with which it is refused, where it cannot be done here. */
  readonly refused?: ProblemCode
  readonly path: string
  readonly body: object
  readonly other: { readonly path: string; readonly body: object }
}

export function sample(path: string, body: object, other: object): Sample {
  return { path, body, other: { path, body: other } }
}

/** Input that names something that is not there, or that is there already. */
export interface Attempt {
  readonly path: string
  readonly body?: unknown
  readonly code: ProblemCode
}

/** Facts about an operation of a module that widens access, for the tests that go over all of them. */
export interface WideningCase {
  readonly signedAs: SignedAct | 'none'
  readonly sample: Sample
  /** Empty: the operation names nothing that has to be there, or free. */
  readonly attempts: readonly Attempt[]
}

/** Reads the cases of modules, by operation: each has them as `WIDENING` in its `testing.ts`. */
export async function wideningOfModules(): Promise<Readonly<Record<string, WideningCase>>> {
  const extensions = join(import.meta.dirname, '..', '..', 'extensions')
  const files = readdirSync(extensions, { recursive: true, encoding: 'utf8' })
  const all: object[] = []
  for (const file of files.filter((each) => /^[\w-]+[\\/]testing\.ts$/.test(each))) {
    const { WIDENING = {} }: { WIDENING?: object } = await import(join(extensions, file))
    all.push(WIDENING)
  }
  return Object.assign({}, ...all)
}

/** Rules under which Nils may approve alone in an emergency, for calls that are asked about. */
async function letNilsApproveAlone(w: World): Promise<void> {
  const { version } = await w.rooms.policies.active()
  const { text } = await w.rooms.policies.version(version)
  const { id } = await w.person('nils')
  await publishPolicies(w.rooms.policy, {
    text: text.replaceAll('@requestable(', `@break_glass("person:${id}") @requestable(`),
    ...{ by: 'operator', note: 'for tests' },
  })
}

/** Path and fingerprint of a call that waits for people, as this person sees it. */
async function waiting(w: World, name: string, as: PersonName) {
  const body = JSON.stringify({ name, owner: { id: 'asked' } })
  const call = await w.agent.call(await w.open(), 'POST', '/echo/things', { body })
  const { id: request } = assertRequestable(call)
  const seen = await (await w.api(as)).send('GET', `/access-requests/${request}`)
  return { request, shown: String(seen.body.shown) }
}

/** Puts an API into the catalog with a risk that is proposed, and then with another definition that waits for review. */
async function importTwice(w: World) {
  const name = 'twice'
  const answer = { responses: { 200: { description: 'x' } } }
  const planned = (description: string) =>
    planImport(
      {
        openapi: '3.1.0',
        info: { title: 'Twice', version: '1' },
        servers: [{ url: 'https://twice.example' }],
        paths: {
          '/a': { get: { operationId: 'read', ...answer } },
          '/b': { get: { operationId: 'list', description, ...answer } },
        },
      },
      { name, identifier: `${w.gateway}/${name}` },
    )
  await applyImport(w.rooms.connections, planned('One.'), 'operator')
  await applyImport(w.rooms.connections, planned('Another.'), 'operator')
  const [offer] = await listOffers(w.rooms.storage.read, name)
  const proposed = planned('One.').actions.find((each) => each.name === 'twice.read')
  assert.ok(offer && proposed)
  return { offer: { action: offer.action, digest: offer.digest }, risk: proposed.risk }
}

/** Makes a thing for each kind of act that needs one. */
export async function thingsToChange(w: World) {
  const by = 'operator'
  await letNilsApproveAlone(w)
  const [approved, alone, reviewed] = [
    await waiting(w, 'one', 'fiona'),
    await waiting(w, 'two', 'nils'),
    await waiting(w, 'three', 'nils'),
  ]
  const nils = await w.person('nils')
  const request = await findRequest(w.rooms.decisions, reviewed.request)
  assert.ok(request)
  const reason = 'it cannot wait'
  const plan = await planBreakGlass(w.rooms.decisions, { person: nils, reason, request })
  const broken = await breakGlass(w.rooms.decisions, {
    ...{ requestId: request.id, person: nils, reason, shown: plan.shown, authTime: 1 },
  })
  const { person: gone } = await w.rooms.storage.transaction(async (tx) => {
    const id = newId('person', w.rooms.people.random)
    const person = { ...nils, id, subject: 'gone', groupsSeenAt: null, attributesSeenAt: null }
    await insertPerson(tx, person)
    return { person }
  })
  const { people } = w.rooms
  await endAccount(people, { personId: gone.id, by })
  const erased = { personId: gone.id, by, erasure: 'for tests' }
  await people.storage.transaction((tx) => eraseAccount(people, tx, erased))
  for (const name of ['one', 'two'])
    await addAdmissionRule(w.rooms.agents, {
      ...{ name, redirectHosts: ['localhost'], trust: 1, ceiling: [], by },
      ownerId: nils.id,
    })
  const subject = { kind: 'agent', id: 'refund-bot' } as const
  await raiseSignal(w.rooms.decisions, {
    ...{ subject, signal: 'one', source: 'source:siem', level: 'medium' },
    expiresAt: w.clock.now() + 3_600_000,
  })
  const matter = { personId: nils.id, agentId: null, taskId: null, resource: null }
  const hold = await setHold(w.rooms.centre, {
    ...{ matter: 'a case', by, ...matter, fromAt: null, untilAt: null },
  })
  const limit = await setLimit(w.rooms.decisions, {
    ...{ subject, eachTask: false, by },
    limit: { name: 'calls', kind: 'calls', most: '5', seconds: 60 },
  })
  return { approved, alone, broken, gone, hold, limit, ...(await importTwice(w)) }
}
