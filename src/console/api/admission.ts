import {
  addAdmissionRule,
  listAdmissionRules,
  removeAdmissionRule,
} from '../../identity/client-metadata/index.ts'
import { ADMISSION, Rule } from '../api-operations/admission.ts'
import * as kit from '../operation-kit/schemas.ts'
import { toJson } from './json.ts'
import { personNames } from './names.ts'
import { acts } from './operation.ts'
import { withOwnNames } from './own-names.ts'

const RULE = Rule(kit)

export const ADMISSION_OPERATIONS = acts(ADMISSION, {
  list: async (parts) => {
    const rules = await listAdmissionRules(parts.agents.storage.read)
    const nameOf = await personNames(
      parts,
      rules.map(({ ownerId }) => ownerId),
    )
    return { rules: rules.map((rule) => toJson(RULE, rule, { owner_name: nameOf(rule.ownerId) })) }
  },
  add: async (parts, { body, caller }) => {
    const { name, owner, trust } = body
    const { ceiling, may_delegate: mayDelegate } = await withOwnNames(parts, body)
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
    return toJson(RULE, rule, { owner_name: nameOf(rule.ownerId) })
  },
  remove: async (parts, { caller, params }) => {
    await removeAdmissionRule(parts.agents, { name: params.name, by: caller.person.id })
    return {}
  },
})
