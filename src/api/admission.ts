import { Type } from 'typebox'
import {
  type AdmissionRule,
  addAdmissionRule,
  listAdmissionRules,
  removeAdmissionRule,
} from '../agents/index.ts'
import { personNames } from './names.ts'
import { operation } from './operation.ts'
import { ByName, Detail, listOf, Name, Nothing, Time } from './schemas.ts'
import { time } from './shapes.ts'

const closed = { additionalProperties: false } as const
const RedirectHosts = Type.Array(Type.String({ maxLength: 253 }), {
  minItems: 1,
  maxItems: 32,
  description:
    'exact hosts, with a port if it is not 443; `*.example.com`; or `localhost` for programs on a person’s own computer',
})
const Rule = Type.Object({
  name: Name,
  mode: Type.String({ description: '`dynamic`: clients that registered themselves (RFC 7591)' }),
  redirect_hosts: Type.Array(Type.String()),
  trust: Type.Integer({ minimum: 0, maximum: 3 }),
  ceiling: Type.Array(Type.Unknown()),
  may_delegate: Type.Union([Type.Array(Type.Unknown()), Type.Null()]),
  owner: Type.String({ description: 'a person id' }),
  owner_name: Type.Union([Type.String(), Type.Null()]),
  created_by: Type.String(),
  created_at: Time,
})

function shown(rule: AdmissionRule, ownerName: string | null) {
  return {
    name: rule.name,
    mode: rule.mode,
    redirect_hosts: [...rule.redirectHosts],
    trust: rule.trust,
    ceiling: [...rule.ceiling],
    may_delegate: rule.mayDelegate && [...rule.mayDelegate],
    owner: rule.ownerId,
    owner_name: ownerName,
    created_by: rule.createdBy,
    created_at: time(rule.createdAt),
  }
}

export const ADMISSION_OPERATIONS = [
  operation({
    id: 'admission.list',
    method: 'GET',
    path: '/admission-rules',
    says: 'Every rule that lets in agents which registered themselves, in the order they are tried.',
    who: 'administrator',
    widens: false,
    answer: listOf('rules', Rule),
    run: async (parts) => {
      const rules = await listAdmissionRules(parts.agents.storage.read)
      const nameOf = await personNames(
        parts,
        rules.map(({ ownerId }) => ownerId),
      )
      return { rules: rules.map((rule) => shown(rule, nameOf(rule.ownerId))) }
    },
  }),
  operation({
    id: 'admission.add',
    method: 'POST',
    path: '/admission-rules',
    says: 'Adds a rule. Clients that match from now on are let in by it, once a person brings them.',
    who: 'administrator',
    widens: true,
    body: Type.Object(
      {
        name: Name,
        redirect_hosts: RedirectHosts,
        trust: Type.Integer({ minimum: 0, maximum: 3 }),
        ceiling: Type.Array(Detail, { maxItems: 64 }),
        may_delegate: Type.Optional(Type.Array(Type.Unknown(), { maxItems: 64 })),
        owner: Type.Optional(Type.String({ description: 'a person id; the caller when left out' })),
      },
      closed,
    ),
    answer: Rule,
    run: async (parts, { body, caller }) => {
      const { ceiling, may_delegate: mayDelegate, name, owner, redirect_hosts, trust } = body
      const rule = await addAdmissionRule(parts.agents, {
        name,
        redirectHosts: redirect_hosts,
        trust,
        ceiling,
        ...(mayDelegate === undefined ? {} : { mayDelegate }),
        ownerId: owner ?? caller.person.id,
        by: caller.person.id,
      })
      const nameOf = await personNames(parts, [rule.ownerId])
      return shown(rule, nameOf(rule.ownerId))
    },
  }),
  operation({
    id: 'admission.remove',
    method: 'DELETE',
    path: '/admission-rules/:name',
    says: 'Removes a rule: nobody else is let in by it. Agents that were stay; retiring them ends them.',
    who: 'administrator',
    // Clients that it kept small may match a later rule, which gives them more.
    widens: true,
    params: ByName,
    answer: Nothing,
    run: async (parts, { caller, params }) => {
      await removeAdmissionRule(parts.agents, { name: params.name, by: caller.person.id })
      return {}
    },
  }),
]
