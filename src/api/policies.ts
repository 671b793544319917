import { type Static, Type } from 'typebox'
import { Problem } from '../lib/problem.ts'
import {
  checkPolicies,
  findSet,
  latestSet,
  listSets,
  type PublishedSet,
  publishPolicies,
  schemaFor,
} from '../policy/index.ts'
import { personNames } from './names.ts'
import { operation } from './operation.ts'
import type { ApiParts } from './parts.ts'
import { listOf, Time } from './schemas.ts'
import { time } from './shapes.ts'

const closed = { additionalProperties: false } as const
const Text = Type.String({ maxLength: 1_000_000, description: 'Cedar policies' })
const Mistake = Type.Unknown()
const Version = Type.Object({
  version: Type.Integer(),
  digest: Type.String(),
  note: Type.String(),
  published_by: Type.String({ description: 'a person id, or what the server did by itself' }),
  published_by_name: Type.Union([Type.String(), Type.Null()]),
  published_at: Time,
})
const Shown = Type.Intersect([Version, Type.Object({ text: Type.String() })])

function versionShape(
  { at, by, digest, note, version }: Omit<PublishedSet, 'text' | 'schema'>,
  byName: string | null,
): Static<typeof Version> {
  return {
    version,
    digest,
    note,
    published_by: by,
    published_by_name: byName,
    published_at: time(at),
  }
}

async function schemaNow(parts: ApiParts): Promise<string> {
  return schemaFor([...(await parts.policy.catalog.current()).actions.values()])
}

export const POLICY_OPERATIONS = [
  operation({
    id: 'policies.list',
    method: 'GET',
    path: '/policies',
    says: 'Every published version, newest first.',
    who: 'administrator',
    widens: false,
    answer: listOf('versions', Version),
    run: async (parts) => {
      const sets = await listSets(parts.policy.storage.read)
      const nameOf = await personNames(
        parts,
        sets.map(({ by }) => by),
      )
      return { versions: sets.map((set) => versionShape(set, nameOf(set.by))) }
    },
  }),
  operation({
    id: 'policies.show',
    method: 'GET',
    path: '/policies/:version',
    says: 'The text of one version; `active` is the one in force.',
    who: 'administrator',
    widens: false,
    params: Type.Object({ version: Type.String({ pattern: '^(active|[1-9]\\d{0,8})$' }) }, closed),
    answer: Shown,
    run: async (parts, { params }) => {
      const { read } = parts.policy.storage
      const { version } = params
      const found =
        version === 'active' ? await latestSet(read) : await findSet(read, Number(version))
      if (!found) throw new Problem('policy.unknown_version', `there is no version \`${version}\``)
      const nameOf = await personNames(parts, [found.by])
      return { ...versionShape(found, nameOf(found.by)), text: found.text }
    },
  }),
  operation({
    id: 'policies.schema',
    method: 'GET',
    path: '/policy-schema',
    says: 'The Cedar schema made from the catalog, which policies are checked against.',
    who: 'administrator',
    widens: false,
    answer: Type.Object({ schema: Type.String() }),
    run: async (parts) => ({ schema: await schemaNow(parts) }),
  }),
  operation({
    id: 'policies.validate',
    method: 'POST',
    path: '/policies/validate',
    says: 'Says everything that is wrong with a text, without publishing it.',
    who: 'administrator',
    widens: false,
    body: Type.Object({ text: Text }, closed),
    answer: Type.Object({ mistakes: Type.Array(Mistake), warnings: Type.Array(Mistake) }),
    run: async (parts, { body }) => {
      const { mistakes, warnings } = await checkPolicies(parts.policy.storage.read, {
        text: body.text,
        schema: await schemaNow(parts),
      })
      return { mistakes: [...mistakes], warnings: [...warnings] }
    },
  }),
  operation({
    id: 'policies.publish',
    method: 'POST',
    path: '/policies',
    says: 'Publishes a text as the new version in force. Refused as a whole when anything is wrong with it.',
    who: 'administrator',
    widens: true,
    body: Type.Object({ text: Text, note: Type.Optional(Type.String({ maxLength: 500 })) }, closed),
    answer: Type.Object({
      version: Type.Integer(),
      digest: Type.String(),
      warnings: Type.Array(Mistake),
    }),
    run: async (parts, { body, caller }) => {
      const { digest, version, warnings } = await publishPolicies(parts.policy, {
        text: body.text,
        note: body.note ?? '',
        by: caller.person.id,
      })
      return { version, digest, warnings: [...warnings] }
    },
  }),
]
