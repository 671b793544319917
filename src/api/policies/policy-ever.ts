import { type Static, Type } from 'typebox'
import { type AbleAgent, type Means, whatCan, whoCan } from '../../analysis/index.ts'
import { type Ever, type EverRule, placeOf, type SourceFile } from '../../policy/index.ts'
import { personNames } from '../names.ts'
import { operation } from '../operation.ts'
import type { ApiParts } from '../parts.ts'

const closed = { additionalProperties: false } as const

const Rule = Type.Object({
  id: Type.String(),
  file: Type.Union([Type.String(), Type.Null()]),
  line: Type.Integer(),
  conditions: Type.Array(
    Type.String({ description: 'as they are written, where they ask about the call' }),
  ),
  approvers: Type.Array(Type.String({ description: 'who can lift it for one call' })),
})
const For = Type.Object({
  person: Type.String(),
  person_name: Type.Union([Type.String(), Type.Null()]),
  by: Type.Enum(['basis', 'sponsor grant']),
})
const means = { permits: Type.Array(Rule), forbids: Type.Array(Rule) }

export const POLICY_EVER_OPERATIONS = [
  operation({
    id: 'policies.who',
    method: 'GET',
    path: '/policies/who/:action',
    says: 'Everybody who could ever do something, as people, groups, agents, ceilings and policies are now. Whoever is not named is denied it in every call.',
    who: 'administrator',
    widens: false,
    params: Type.Object({ action: Type.String({ maxLength: 200 }) }, closed),
    answer: Type.Object({
      version: Type.Integer(),
      action: Type.String(),
      resource: Type.String(),
      people: Type.Array(Type.Object({ id: Type.String(), name: Type.String(), ...means })),
      agents: Type.Array(
        Type.Object({
          id: Type.String(),
          within: Type.Array(Type.String({ description: 'of its ceiling' })),
          for: Type.Array(For),
          ...means,
        }),
      ),
      cut: Type.Boolean({ description: 'there are more than are looked at' }),
    }),
    run: async (parts, { params }) => {
      const { action, agents, cut, people, policyVersion, resource } = await whoCan(
        parts.decisions,
        params.action,
      )
      const files = await filesOf(parts, policyVersion)
      const nameOf = await personNames(
        parts,
        agents.flatMap((agent) => agent.for.map(({ personId }) => personId)),
      )
      return {
        ...{ version: policyVersion, action, resource, cut },
        people: people.map(({ person, ...rest }) => ({
          id: person.id,
          name: person.name,
          ...meansShape(rest, files),
        })),
        agents: agents.map(({ agent, for: whom, within, ...rest }) => ({
          id: agent.id,
          within: [...within],
          for: forShape(whom, nameOf),
          ...meansShape(rest, files),
        })),
      }
    },
  }),
  operation({
    id: 'policies.what',
    method: 'GET',
    path: '/policies/what/:agent',
    says: 'What an agent could ever do: the actions of its ceiling, with what policies say of each. Every other call of it is denied.',
    who: 'administrator',
    widens: false,
    params: Type.Object({ agent: Type.String({ maxLength: 63 }) }, closed),
    answer: Type.Object({
      version: Type.Integer(),
      agent: Type.String(),
      actions: Type.Array(
        Type.Object({
          action: Type.String(),
          resource: Type.String(),
          risk: Type.String(),
          within: Type.Array(Type.String()),
          for: Type.Array(For),
          possible: Type.Boolean(),
          because: Type.Union([Type.Enum(['nothing_permits', 'forbidden', 'fails']), Type.Null()]),
          ...means,
        }),
      ),
    }),
    run: async (parts, { params }) => {
      const { actions, agent, policyVersion } = await whatCan(parts.decisions, params.agent)
      const files = await filesOf(parts, policyVersion)
      const nameOf = await personNames(
        parts,
        actions.flatMap((each) => each.for.map(({ personId }) => personId)),
      )
      return {
        version: policyVersion,
        agent: agent.id,
        actions: actions.map(({ action, for: whom, resource, risk, said, within }) => ({
          ...{ action, resource, risk },
          within: [...within],
          for: forShape(whom, nameOf),
          ...saidShape(said, files),
        })),
      }
    },
  }),
]

type Files = readonly SourceFile[]

/** Those that the version was put together from. */
async function filesOf(parts: ApiParts, version: number): Promise<Files> {
  return version === 0 ? [] : (await parts.policies.version(version)).files
}

function saidShape(said: Ever, files: Files) {
  if (said.possible) return { possible: true, because: null, ...meansShape(said, files) }
  const { because, rules } = said
  return { possible: false, because, ...meansShape({ permits: [], forbids: rules }, files) }
}

function meansShape({ forbids, permits }: Means, files: Files) {
  const shape = (rule: EverRule) => ruleShape(rule, files)
  return { permits: permits.map(shape), forbids: forbids.map(shape) }
}

function ruleShape(
  { approvers, conditions, id, line }: EverRule,
  files: Files,
): Static<typeof Rule> {
  const { file = null, ...place } = placeOf(files, line)
  return { id, file, ...place, conditions: [...conditions], approvers: [...approvers] }
}

function forShape(
  whom: AbleAgent['for'],
  nameOf: (id: string) => string | null,
): Static<typeof For>[] {
  return whom.map(({ by, personId }) => ({
    person: personId,
    person_name: nameOf(personId),
    by,
  }))
}
