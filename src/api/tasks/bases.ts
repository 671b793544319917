import { parseAuthority } from '@remit/engine'
import { Type } from 'typebox'
import { findAgent } from '../../agents/index.ts'
import { basesOfPerson, findBasis, grantBasis } from '../../consent/index.ts'
import { Problem } from '../../lib/problem.ts'
import { ById, Detail, KeptDetail, listOf, Name, Nothing, Time } from '../../operations/schemas.ts'
import { findPerson } from '../../people/index.ts'
import { endBasis } from '../../tasks/index.ts'
import { operation } from '../operation.ts'
import { time } from '../shapes.ts'

const closed = { additionalProperties: false } as const

/** Why agents may act for people. */
export const BASIS_OPERATIONS = [
  operation({
    id: 'bases.list',
    method: 'GET',
    path: '/bases',
    says: 'What agents may do for the caller, and why.',
    who: 'person',
    widens: false,
    answer: listOf(
      'bases',
      Type.Object({
        id: Type.String(),
        agent: Type.String(),
        kind: Type.String(),
        details: Type.Array(KeptDetail),
        expires_at: Type.Union([Time, Type.Null()]),
      }),
    ),
    run: async (parts, { caller }) => ({
      bases: (
        await basesOfPerson(
          parts.decisions.storage.read,
          caller.person.id,
          parts.decisions.clock.now(),
        )
      ).map(({ agentId, details, expiresAt, id, kind }) => ({
        id,
        agent: agentId,
        kind,
        details: [...details],
        expires_at: expiresAt === null ? null : time(expiresAt),
      })),
    }),
  }),
  operation({
    id: 'bases.grant',
    method: 'POST',
    path: '/bases',
    says: 'Grants, as an administrator, that an agent may act for a person within these details, without asking them: `remit_call` to do, `remit_delegate` to hand on to child tasks.',
    who: 'administrator',
    widens: true,
    body: Type.Object(
      {
        agent: Name,
        person: Type.String({ maxLength: 64 }),
        details: Type.Array(Detail, { minItems: 1, maxItems: 64 }),
        expires_at: Type.Optional(Time),
      },
      closed,
    ),
    answer: Type.Object({ id: Type.String() }),
    run: async (parts, { body, caller }) => {
      const given = parseAuthority(body.details)
      if (!given.ok) throw new Problem('task.bad_details', given.reason)
      const agent = await findAgent(parts.agents.storage.read, body.agent)
      if (!agent) throw new Problem('agent.unknown', `there is no agent \`${body.agent}\``)
      const person = await findPerson(parts.people.storage.read, body.person)
      if (!person) throw new Problem('person.unknown', `there is no person \`${body.person}\``)
      const basis = await grantBasis(parts.decisions, {
        agentId: agent.id,
        personId: person.id,
        kind: 'admin',
        details: [...given.calls, ...(given.delegates ?? [])],
        expiresAt: body.expires_at === undefined ? undefined : Date.parse(body.expires_at),
        grantedBy: caller.person.id,
      })
      return { id: basis.id }
    },
  }),
  operation({
    id: 'bases.end',
    method: 'POST',
    path: '/bases/:id/end',
    says: 'Ends a basis, and every task that stands on it. Answers when no replica permits any more.',
    who: 'person',
    widens: false,
    params: ById,
    answer: Nothing,
    run: async (parts, { caller, params }) => {
      const { administrator, person } = caller
      const basis = await findBasis(parts.decisions.storage.read, params.id)
      // INVARIANT: what an administrator has granted is not the person's to end, and others' bases do not exist.
      const own = basis?.personId === person.id && basis.kind === 'consent'
      if (!basis || !(own || administrator))
        throw new Problem('basis.unknown', `there is no basis \`${params.id}\` of yours`)
      await endBasis(parts.decisions, { basisId: basis.id, by: person.id })
      return {}
    },
  }),
]
