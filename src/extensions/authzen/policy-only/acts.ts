import { type ApiParts, actsWith, time, toJson } from '../../../console/api/index.ts'
import * as kit from '../../../console/operation-kit/schemas.ts'
import { AuthzenProblem } from '../problems.ts'
import {
  checkOnlySetInWorker,
  findOnlySet,
  latestOnlySet,
  listOnlySets,
  type OnlySetParts,
  type PolicyOnlySet,
  publishOnlySet,
} from './index.ts'
import { POLICY_SETS, PolicySetVersion, SetVersion } from './operations.ts'

/** Parts that the operations of policy sets work with. */
export interface PolicySetApi extends ApiParts {
  readonly policySets: OnlySetParts
}

const VERSION = SetVersion(kit)
const SHOWN = PolicySetVersion(kit)

function publishedShape({ at, by }: Pick<PolicyOnlySet, 'at' | 'by'>) {
  return { published_by: by, published_at: time(at) }
}

/** Sets that answer by themselves, for enforcement points of the mode `policy-only`. */
export const POLICY_SET_OPERATIONS = actsWith<PolicySetApi>()(POLICY_SETS, {
  list: async (parts) => ({
    versions: (await listOnlySets(parts.policySets.storage.read)).map((set) =>
      toJson(VERSION, set, publishedShape(set)),
    ),
  }),
  show: async (parts, { params: { name, version } }) => {
    const { read } = parts.policySets.storage
    const found =
      version === 'active'
        ? await latestOnlySet(read, name)
        : await findOnlySet(read, name, Number(version))
    if (!found)
      throw new AuthzenProblem(
        'policy_set.unknown',
        `there is no version \`${version}\` of \`${name}\``,
      )
    return toJson(SHOWN, found, publishedShape(found))
  },
  validate: async (_parts, { body }) => {
    const { mistakes, warnings } = await checkOnlySetInWorker(body)
    return { mistakes, warnings }
  },
  publish: async (parts, { body, caller, params }) => {
    const { note = '', ...texts } = body
    const set = { ...texts, note, name: params.name, by: caller.person.id }
    return publishOnlySet(parts.policySets, set)
  },
})
