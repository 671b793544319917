import { parseAuthority } from '@remit/engine'
import { findAgent } from '../../../identity/agents/index.ts'
import { findPerson } from '../../../identity/people/index.ts'
import { Problem } from '../../../platform/lib/problem.ts'
import { basesOfPerson, findBasis, grantBasis } from '../../../tasks/consent/index.ts'
import { endBasis } from '../../../tasks/tasks/index.ts'
import { BASES, Basis } from '../../api-operations/bases.ts'
import * as kit from '../../operation-kit/schemas.ts'
import { toJson } from '../json.ts'
import { acts } from '../operation.ts'
import { withOwnNames } from '../own-names.ts'

const BASIS = Basis(kit)

/** Operations on the bases on which agents act for people. */
export const BASIS_OPERATIONS = acts(BASES, {
  list: async (parts, { caller }) => ({
    bases: (
      await basesOfPerson(
        parts.decisions.storage.read,
        caller.person.id,
        parts.decisions.clock.now(),
      )
    ).map((basis) => toJson(BASIS, basis)),
  }),
  grant: async (parts, { body, caller }) => {
    const given = parseAuthority(await withOwnNames(parts, body.details))
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
  end: async (parts, { caller, params }) => {
    const { administrator, person } = caller
    const basis = await findBasis(parts.decisions.storage.read, params.id)
    // INVARIANT: what an administrator has granted is not the person's to end, and others' bases do not exist.
    const own = basis?.personId === person.id && basis.kind === 'consent'
    if (!basis || !(own || administrator))
      throw new Problem('basis.unknown', `there is no basis \`${params.id}\` of yours`)
    await endBasis(parts.decisions, { basisId: basis.id, by: person.id })
    return {}
  },
})
