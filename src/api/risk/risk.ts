import { type Static, Type } from 'typebox'
import { RISK } from '../../operations/risk.ts'
import { ByName, listOf, Name, Nothing, Time } from '../../operations/schemas.ts'
import {
  addSource,
  endSignal,
  listSignals,
  listSources,
  raiseSignal,
  revokeSource,
  type SignalSource,
} from '../../risk/index.ts'
import { acts, operation } from '../operation.ts'
import { time } from '../shapes.ts'
import { raisingOf, signalShape } from './signals.ts'

const closed = { additionalProperties: false } as const
const MAX_LISTED = 500

const Source = Type.Object({
  name: Name,
  created_by: Type.String(),
  created_at: Time,
  last_used_at: Type.Union([Time, Type.Null()]),
  revoked_at: Type.Union([Time, Type.Null()]),
})
const Added = Type.Intersect([
  Source,
  Type.Object({ secret: Type.String({ description: 'shown this once and kept nowhere' }) }),
])

function sourceShape(source: SignalSource): Static<typeof Source> {
  const { createdAt, createdBy, lastUsedAt, name, revokedAt } = source
  return {
    name,
    created_by: createdBy,
    created_at: time(createdAt),
    last_used_at: lastUsedAt === null ? null : time(lastUsedAt),
    revoked_at: revokedAt === null ? null : time(revokedAt),
  }
}

/** What others say about agents, people and tasks, and who may say it. */
export const RISK_OPERATIONS = [
  ...acts(RISK, {
    list: async ({ decisions }) => {
      const now = decisions.clock.now()
      const signals = await listSignals(decisions.storage.read, now, MAX_LISTED)
      return { signals: signals.map(signalShape) }
    },
    raise: async ({ decisions }, { body, caller }) =>
      signalShape(await raiseSignal(decisions, raisingOf(body, caller.person.id))),
    end: async ({ decisions }, { body, caller }) => {
      await endSignal(decisions, { ...body, by: caller.person.id })
      return {}
    },
  }),
  operation({
    id: 'sources.list',
    method: 'GET',
    path: '/signal-sources',
    says: 'Systems that may raise signals. Secrets are never shown again.',
    who: 'administrator',
    widens: false,
    answer: listOf('sources', Source),
    run: async ({ decisions }) => ({
      sources: (await listSources(decisions.storage.read)).map(sourceShape),
    }),
  }),
  operation({
    id: 'sources.add',
    method: 'POST',
    path: '/signal-sources',
    says: 'Lets a system raise signals at `/v1/risk-signals`, and do nothing else. The secret is in the answer, once.',
    who: 'administrator',
    widens: false,
    body: Type.Object({ name: Name }, closed),
    answer: Added,
    run: async ({ decisions }, { body, caller }) => {
      const wish = { name: body.name, by: caller.person.id }
      const { secret, source } = await addSource(decisions, wish)
      return { ...sourceShape(source), secret: secret.reveal() }
    },
  }),
  operation({
    id: 'sources.revoke',
    method: 'DELETE',
    path: '/signal-sources/:name',
    says: 'Ends a system’s right to raise signals, now. What it raised stays until it expires.',
    who: 'administrator',
    widens: false,
    params: ByName,
    answer: Nothing,
    run: async ({ decisions }, { caller, params }) => {
      await revokeSource(decisions, { name: params.name, by: caller.person.id })
      return {}
    },
  }),
]
