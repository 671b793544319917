import { Type } from 'typebox'
import { compareInWorker, formatInWorker } from '../../cedar/index.ts'
import { Problem } from '../../lib/problem.ts'
import {
  checkPolicies,
  findSet,
  latestSet,
  runCasesInWorker,
  schemaInSteps,
} from '../../policy/index.ts'
import { operation } from '../operation.ts'
import type { ApiParts } from '../parts.ts'
import { Files, MAX_BYTES, Mistake, Tests, Text } from './policy-schemas.ts'

const closed = { additionalProperties: false } as const

/** What policies are written against now. */
export async function schemaNow(parts: ApiParts): Promise<string> {
  return await schemaInSteps((await parts.policy.catalog.current()).actions.values())
}

const Version = Type.String({ pattern: '^(active|[1-9]\\d{0,8})$' })
const Line = Type.Object({ sign: Type.Enum([' ', '+', '-']), text: Type.String() })
export const Change = Type.Object({
  id: Type.String({ description: 'of the rule' }),
  change: Type.Enum(['added', 'removed', 'changed', 'reworded']),
  line: Type.Integer({ description: 'where it begins; of a removed one, in the older text' }),
  notes: Type.Immutable(Type.Array(Type.String({ description: 'what it means' }))),
  lines: Type.Immutable(Type.Array(Line)),
})

/** Work on texts that are not published. */
export const POLICY_TEXT_OPERATIONS = [
  operation({
    id: 'policies.test',
    method: 'POST',
    path: '/policies/test',
    says: 'Runs tests against a text, or against the version in force, without publishing.',
    who: 'administrator',
    widens: false,
    body: Type.Object(
      { text: Type.Optional(Text), files: Type.Optional(Files), tests: Type.Optional(Tests) },
      closed,
    ),
    bodyBytes: MAX_BYTES,
    answer: Type.Object({
      mistakes: Type.Array(Mistake),
      cases: Type.Integer(),
      calls: Type.Integer(),
      failed: Type.Array(Type.Unknown()),
    }),
    run: async (parts, { body }) => {
      const schema = await schemaNow(parts)
      const active = await latestSet(parts.policy.storage.read)
      const text = body.text ?? active?.text ?? ''
      const tests = body.tests ?? active?.tests ?? []
      const { mistakes } = await checkPolicies(parts.policy.storage.read, { text, schema })
      if (mistakes.length > 0) return { mistakes: [...mistakes], cases: 0, calls: 0, failed: [] }
      const { calls, cases, failed } = await runCasesInWorker({
        text,
        schema,
        tests,
        files: body.text === undefined ? active?.files : body.files,
      })
      return { mistakes: [], cases, calls, failed: [...failed] }
    },
  }),
  operation({
    id: 'policies.format',
    method: 'POST',
    path: '/policies/format',
    says: 'A text in the one layout, with its comments.',
    who: 'administrator',
    widens: false,
    body: Type.Object({ text: Text }, closed),
    bodyBytes: MAX_BYTES,
    answer: Type.Object({ text: Type.String() }),
    run: async (_parts, { body }) => ({ text: await formatInWorker(body.text) }),
  }),
  operation({
    id: 'policies.diff',
    method: 'POST',
    path: '/policies/diff',
    says: 'What a text would change, rule by rule, against a version; against the one in force when none is named.',
    who: 'administrator',
    widens: false,
    body: Type.Object({ text: Text, with: Type.Optional(Version) }, closed),
    bodyBytes: MAX_BYTES,
    answer: Type.Object({ with: Type.Integer(), changes: Type.Array(Change) }),
    run: async (parts, { body }) => {
      const before = await versionNamed(parts, body.with ?? 'active')
      return { with: before.version, changes: [...(await compareInWorker(before.text, body.text))] }
    },
  }),
]

/** Nothing was published: version 0, without rules. */
async function versionNamed(parts: ApiParts, version: string) {
  const { read } = parts.policy.storage
  if (version === 'active') return (await latestSet(read)) ?? { version: 0, text: '' }
  const found = await findSet(read, Number(version))
  if (!found) throw new Problem('policy.unknown_version', `there is no version \`${version}\``)
  return found
}
