import { Type } from 'typebox'
import {
  type AdmissionRule,
  addAdmissionRule,
  listAdmissionRules,
  removeAdmissionRule,
} from '../client-metadata/index.ts'
import { ByName, Detail, KeptDetail, listOf, Name, Nothing, Time } from '../operations/schemas.ts'
import { personNames } from './names.ts'
import { operation } from './operation.ts'
import { time } from './shapes.ts'

const closed = { additionalProperties: false } as const
const Hosts = {
  maxItems: 32,
  description:
    'exact hosts, with a port if it is not 443; `*.example.com`; or `localhost` for programs on a person’s own computer',
}
const RedirectHosts = Type.Array(Type.String({ maxLength: 253 }), { ...Hosts, minItems: 1 })
const KeyChange = Type.Union(
  [Type.Literal('accept'), Type.Literal('ask'), Type.Literal('suspend')],
  {
    description:
      'what follows when a document has a key that it had not: nothing, people are asked anew, or the agent is suspended',
  },
)
const Rule = Type.Object({
  name: Name,
  mode: Type.String({
    description:
      '`dynamic`: clients that registered themselves (RFC 7591); `document`: clients whose id is the address of a metadata document',
  }),
  redirect_hosts: Type.Array(Type.String()),
  document_hosts: Type.Array(Type.String()),
  software_ids: Type.Array(Type.String()),
  key_change: Type.String(),
  trust: Type.Integer({ minimum: 0, maximum: 3 }),
  ceiling: Type.Array(KeptDetail),
  may_delegate: Type.Union([Type.Array(KeptDetail), Type.Null()]),
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
    document_hosts: [...rule.documentHosts],
    software_ids: [...rule.softwareIds],
    key_change: rule.keyChange,
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
    says: 'Adds a rule. Clients that match from now on are let in by it: once a person brings them, or, with a document and a key, when they prove who they are.',
    who: 'administrator',
    widens: true,
    body: Type.Object(
      {
        name: Name,
        redirect_hosts: Type.Optional(RedirectHosts),
        document_hosts: Type.Optional(
          Type.Array(Type.String({ maxLength: 253 }), {
            ...Hosts,
            minItems: 1,
            description:
              'where metadata documents are; answers go to the origin of the document, and to `redirect_hosts` beside it',
          }),
        ),
        software_ids: Type.Optional(
          Type.Array(Type.String({ maxLength: 128 }), {
            maxItems: 32,
            description: 'only clients that registered as one of these; it is their own word',
          }),
        ),
        key_change: Type.Optional(KeyChange),
        trust: Type.Integer({ minimum: 0, maximum: 3 }),
        ceiling: Type.Array(Detail, { maxItems: 64 }),
        may_delegate: Type.Optional(Type.Array(Type.Unknown(), { maxItems: 64 })),
        owner: Type.Optional(Type.String({ description: 'a person id; the caller when left out' })),
      },
      closed,
    ),
    answer: Rule,
    run: async (parts, { body, caller }) => {
      const { ceiling, may_delegate: mayDelegate, name, owner, trust } = body
      const rule = await addAdmissionRule(parts.agents, {
        name,
        redirectHosts: body.redirect_hosts ?? [],
        documentHosts: body.document_hosts,
        softwareIds: body.software_ids,
        keyChange: body.key_change,
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
