import { Problem } from '../../../platform/lib/problem.ts'
import { compareInWorker, formatInWorker } from '../../../policy/cedar/index.ts'
import {
  checkPolicies,
  findSet,
  type ListedSet,
  latestSet,
  listSets,
  publishAgain,
  publishPolicies,
  runCasesInWorker,
} from '../../../policy/policy/index.ts'
import { POLICY } from '../../api-operations/policies/policy.ts'
import { PolicyVersion, PublishedPolicies } from '../../api-operations/policies/schemas.ts'
import * as kit from '../../operation-kit/schemas.ts'
import { toJson } from '../json.ts'
import { personNames } from '../names.ts'
import { acts } from '../operation.ts'
import type { ApiParts } from '../parts.ts'
import { time } from '../shapes.ts'
import { meaningOfPolicies } from './meaning-of-policies.ts'
import { whatShape, whoShape } from './policy-ever.ts'
import { schemaNow } from './schema-now.ts'

const VERSION = PolicyVersion(kit)
const PUBLISHED = PublishedPolicies(kit)

export const POLICY_OPERATIONS = acts(POLICY, {
  list: async (parts) => {
    const sets = await listSets(parts.policy.storage.read)
    const nameOf = await personNames(
      parts,
      sets.map(({ by }) => by),
    )
    return { versions: sets.map((set) => versionShape(set, nameOf(set.by))) }
  },
  show: async (parts, { params }) => {
    const { read } = parts.policy.storage
    const { version } = params
    const found =
      version === 'active' ? await latestSet(read) : await findSet(read, Number(version))
    if (!found) throw unknownVersion(version)
    const nameOf = await personNames(parts, [found.by])
    const { files, tests, text } = found
    return { ...versionShape(found, nameOf(found.by)), text, files, tests }
  },
  schema: async (parts) => ({ schema: await schemaNow(parts) }),
  fmt: async (_parts, { body }) => ({ text: await formatInWorker(body.text) }),
  validate: async (parts, { body }) =>
    checkPolicies(parts.policy.storage.read, { text: body.text, schema: await schemaNow(parts) }),
  test: async (parts, { body }) => {
    const schema = await schemaNow(parts)
    const active = await latestSet(parts.policy.storage.read)
    const text = body.text ?? active?.text ?? ''
    const tests = body.tests ?? active?.tests ?? []
    const { mistakes } = await checkPolicies(parts.policy.storage.read, { text, schema })
    if (mistakes.length > 0) return { mistakes, cases: 0, calls: 0, failed: [] }
    const files = body.text === undefined ? active?.files : body.files
    return { mistakes: [], ...(await runCasesInWorker({ text, schema, tests, files })) }
  },
  diff: async (parts, { body }) => {
    const before = await versionNamed(parts, body.with ?? 'active')
    return { with: before.version, changes: await compareInWorker(before.text, body.text) }
  },
  publish: {
    means: meaningOfPolicies,
    run: async (parts, { body, caller }) => {
      const { note = '', ...texts } = body
      const by = caller.person.id
      return toJson(PUBLISHED, await publishPolicies(parts.policy, { ...texts, note, by }))
    },
  },
  'publish-again': {
    means: meaningOfPolicies,
    run: async (parts, { body: { note }, caller, params }) => {
      const again = { version: Number(params.version), by: caller.person.id, note }
      return toJson(PUBLISHED, await publishAgain(parts.policy, again))
    },
  },
  who: (parts, { params }) => whoShape(parts, params.action),
  what: (parts, { params }) => whatShape(parts, params.agent),
})

function versionShape(set: ListedSet, byName: string | null) {
  const { at, by } = set
  const published = { published_by: by, published_by_name: byName, published_at: time(at) }
  return toJson(VERSION, set, published)
}

/** Finds a version; where nothing was published, version 0, without rules. */
async function versionNamed(parts: Pick<ApiParts, 'policy'>, version: string) {
  const { read } = parts.policy.storage
  if (version === 'active') return (await latestSet(read)) ?? { version: 0, text: '' }
  const found = await findSet(read, Number(version))
  if (!found) throw unknownVersion(version)
  return found
}

function unknownVersion(version: string): Problem {
  return new Problem('policy.unknown_version', `there is no version \`${version}\``)
}
