import {
  checkOnlySetInWorker,
  findOnlySet,
  latestOnlySet,
  listOnlySets,
  type PolicyOnlySet,
  publishOnlySet,
} from '../../extensions/policy-only/index.ts'
import { Problem } from '../../platform/lib/problem.ts'
import {
  POLICY_SETS,
  PolicySetVersion,
  SetVersion,
} from '../api-operations/policies/policy-sets.ts'
import * as kit from '../operation-kit/schemas.ts'
import { toJson } from './json.ts'
import { acts } from './operation.ts'
import { time } from './shapes.ts'

const VERSION = SetVersion(kit)
const SHOWN = PolicySetVersion(kit)

function publishedShape({ at, by }: Pick<PolicyOnlySet, 'at' | 'by'>) {
  return { published_by: by, published_at: time(at) }
}

/** Sets that answer by themselves, for enforcement points of the mode `policy-only`. */
export const POLICY_SET_OPERATIONS = acts(POLICY_SETS, {
  list: async (parts) => ({
    versions: (await listOnlySets(parts.policy.storage.read)).map((set) =>
      toJson(VERSION, set, publishedShape(set)),
    ),
  }),
  show: async (parts, { params: { name, version } }) => {
    const { read } = parts.policy.storage
    const found =
      version === 'active'
        ? await latestOnlySet(read, name)
        : await findOnlySet(read, name, Number(version))
    if (!found)
      throw new Problem('policy_set.unknown', `there is no version \`${version}\` of \`${name}\``)
    return toJson(SHOWN, found, publishedShape(found))
  },
  validate: async (_parts, { body }) => {
    const { mistakes, warnings } = await checkOnlySetInWorker(body)
    return { mistakes, warnings }
  },
  publish: async (parts, { body, caller, params }) => {
    const { note = '', ...texts } = body
    const set = { ...texts, note, name: params.name, by: caller.person.id }
    return publishOnlySet(parts.policy, set)
  },
})
