import { type Static, Type } from 'typebox'
import { Problem } from '../../lib/problem.ts'
import { listOf, Time } from '../../operations/schemas.ts'
import {
  checkPolicies,
  findSet,
  type ListedSet,
  latestSet,
  listSets,
  type Published,
  publishAgain,
  publishPolicies,
} from '../../policy/index.ts'
import { personNames } from '../names.ts'
import { operation } from '../operation.ts'
import { time } from '../shapes.ts'
import { POLICY_EVER_OPERATIONS } from './policy-ever.ts'
import { POLICY_REPLAY_OPERATIONS } from './policy-replay.ts'
import { Files, MAX_BYTES, Mistake, Tests, Text } from './policy-schemas.ts'
import { POLICY_SHADOW_OPERATIONS } from './policy-shadow.ts'
import { POLICY_SUGGEST_OPERATIONS } from './policy-suggest.ts'
import { POLICY_TEXT_OPERATIONS, schemaNow } from './policy-texts.ts'

const closed = { additionalProperties: false } as const
const Note = Type.Optional(Type.String({ maxLength: 500 }))
const PublishedShape = Type.Object({
  version: Type.Integer(),
  digest: Type.String(),
  tested: Type.Integer({ description: 'tests that hold' }),
  warnings: Type.Array(Mistake),
})
const Version = Type.Object({
  version: Type.Integer(),
  digest: Type.String(),
  note: Type.String(),
  published_by: Type.String({ description: 'a person id, or what the server did by itself' }),
  published_by_name: Type.Union([Type.String(), Type.Null()]),
  published_at: Time,
})
const Shown = Type.Intersect([
  Version,
  Type.Object({ text: Type.String(), files: Files, tests: Tests }),
])

function versionShape(
  { at, by, digest, note, version }: ListedSet,
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
      const { files, tests, text } = found
      return {
        ...versionShape(found, nameOf(found.by)),
        text,
        files: [...files],
        tests: [...tests],
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
    bodyBytes: MAX_BYTES,
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
    body: Type.Object(
      {
        text: Text,
        note: Note,
        files: Type.Optional(Files),
        tests: Type.Optional(Tests),
      },
      closed,
    ),
    bodyBytes: MAX_BYTES,
    answer: PublishedShape,
    run: async (parts, { body, caller }) => {
      const { files, note = '', tests, text } = body
      return publishedShape(
        await publishPolicies(parts.policy, {
          text,
          note,
          by: caller.person.id,
          ...(files === undefined ? {} : { files }),
          ...(tests === undefined ? {} : { tests }),
        }),
      )
    },
  }),
  operation({
    id: 'policies.publish_again',
    method: 'POST',
    path: '/policies/:version/publish',
    says: 'Publishes an older version, its tests among it, once more as the new version in force.',
    who: 'administrator',
    widens: true,
    params: Type.Object({ version: Type.String({ pattern: '^[1-9]\\d{0,8}$' }) }, closed),
    body: Type.Object({ note: Note }, closed),
    answer: PublishedShape,
    run: async (parts, { body, caller, params }) =>
      publishedShape(
        await publishAgain(parts.policy, {
          version: Number(params.version),
          by: caller.person.id,
          note: body.note,
        }),
      ),
  }),
  ...POLICY_TEXT_OPERATIONS,
  ...POLICY_REPLAY_OPERATIONS,
  ...POLICY_SHADOW_OPERATIONS,
  ...POLICY_SUGGEST_OPERATIONS,
  ...POLICY_EVER_OPERATIONS,
]

function publishedShape({
  digest,
  tested,
  version,
  warnings,
}: Published): Static<typeof PublishedShape> {
  return { version, digest, tested, warnings: [...warnings] }
}
