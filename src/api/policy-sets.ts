import { type Static, Type } from 'typebox'
import { Problem } from '../lib/problem.ts'
import { ByName, listOf, Name, Time } from '../operations/schemas.ts'
import {
  checkOnlySetInWorker,
  findOnlySet,
  latestOnlySet,
  listOnlySets,
  type OnlySet,
  publishOnlySet,
} from '../policy-only/index.ts'
import { operation } from './operation.ts'
import { Mistake as MistakeInText } from './policies/policy-schemas.ts'
import { time } from './shapes.ts'

const closed = { additionalProperties: false } as const
/** The longest entities, and what JSON makes of them. */
const MAX_BYTES = 12 * 1024 * 1024
const Texts = {
  policies: Type.String({ maxLength: 1_048_576, description: 'Cedar policies' }),
  schema: Type.String({ maxLength: 262_144, description: 'Cedar schema, as people write it' }),
  entities: Type.String({
    maxLength: 4_194_304,
    description: 'JSON text of a list of `{"uid":{"type","id"},"attrs","parents","tags"}`',
  }),
}
const Mistake = Type.Object({
  ...Type.Partial(MistakeInText).properties,
  part: Type.Enum(['policies', 'schema', 'entities'], { description: 'where its line is' }),
  message: Type.String(),
})
const Version = Type.Object({
  name: Name,
  version: Type.Integer(),
  digest: Type.String(),
  note: Type.String(),
  published_by: Type.String({ description: 'a person id' }),
  published_at: Time,
})
const Shown = Type.Intersect([Version, Type.Object(Texts)])
const ByVersion = Type.Object(
  { name: Name, version: Type.String({ pattern: '^(active|[1-9]\\d{0,8})$' }) },
  closed,
)

function versionShape(
  set: Omit<OnlySet, 'policies' | 'schema' | 'entities'>,
): Static<typeof Version> {
  const { at, by, digest, name, note, version } = set
  return { name, version, digest, note, published_by: by, published_at: time(at) }
}

/** Sets that answer by themselves, for enforcement points of the mode `policy-only`. */
export const POLICY_SET_OPERATIONS = [
  operation({
    id: 'policysets.list',
    method: 'GET',
    path: '/policy-sets',
    says: 'Every version of every policy-only set: by name, newest first.',
    who: 'administrator',
    widens: false,
    answer: listOf('versions', Version),
    run: async (parts) => ({
      versions: (await listOnlySets(parts.policy.storage.read)).map(versionShape),
    }),
  }),
  operation({
    id: 'policysets.show',
    method: 'GET',
    path: '/policy-sets/:name/:version',
    says: 'One version with its texts; `active` is the one in force.',
    who: 'administrator',
    widens: false,
    params: ByVersion,
    answer: Shown,
    run: async (parts, { params: { name, version } }) => {
      const { read } = parts.policy.storage
      const found =
        version === 'active'
          ? await latestOnlySet(read, name)
          : await findOnlySet(read, name, Number(version))
      if (!found)
        throw new Problem('policy_set.unknown', `there is no version \`${version}\` of \`${name}\``)
      const { entities, policies, schema } = found
      return { ...versionShape(found), policies, schema, entities }
    },
  }),
  operation({
    id: 'policysets.validate',
    method: 'POST',
    path: '/policy-sets/validate',
    says: 'Says everything that is wrong with a policy-only set, without publishing it.',
    who: 'administrator',
    widens: false,
    bodyBytes: MAX_BYTES,
    body: Type.Object(Texts, closed),
    answer: Type.Object({ mistakes: Type.Array(Mistake), warnings: Type.Array(Mistake) }),
    run: async (_parts, { body }) => {
      const { mistakes, warnings } = await checkOnlySetInWorker(body)
      return { mistakes: [...mistakes], warnings: [...warnings] }
    },
  }),
  operation({
    id: 'policysets.publish',
    method: 'PUT',
    path: '/policy-sets/:name',
    says: 'Publishes a policy-only set as the new version in force. Refused as a whole when anything is wrong with it.',
    who: 'administrator',
    widens: true,
    bodyBytes: MAX_BYTES,
    params: ByName,
    body: Type.Object({ ...Texts, note: Type.Optional(Type.String({ maxLength: 500 })) }, closed),
    answer: Type.Object({
      name: Name,
      version: Type.Integer(),
      digest: Type.String(),
      warnings: Type.Array(Mistake),
    }),
    run: async (parts, { body, caller, params }) => {
      const { note = '', ...texts } = body
      const set = { ...texts, note, name: params.name, by: caller.person.id }
      const { digest, name, version, warnings } = await publishOnlySet(parts.policy, set)
      return { name, version, digest, warnings: [...warnings] }
    },
  }),
]
