import { Type } from 'typebox'
import { Problem } from '../lib/problem.ts'
import {
  findSet,
  latestSet,
  listSets,
  publishPolicies,
  schemaFor,
  validateAside,
} from '../policy/index.ts'
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
  published_by: Type.String(),
  published_at: Time,
})
const Shown = Type.Intersect([Version, Type.Object({ text: Type.String() })])

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
    run: async (parts) => ({
      versions: (await listSets(parts.policy.storage.read)).map(
        ({ digest, note, at, by, version }) => ({
          version,
          digest,
          note,
          published_by: by,
          published_at: time(at),
        }),
      ),
    }),
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
      const { digest, note, at, by, text } = found
      return {
        version: found.version,
        digest,
        note,
        published_by: by,
        published_at: time(at),
        text,
      }
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
      const { mistakes, warnings } = await validateAside({
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
