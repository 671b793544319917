import {
  type AdmissionRule,
  addAdmissionRule,
  listAdmissionRules,
  removeAdmissionRule,
} from '../client-metadata/index.ts'
import { ADMISSION } from '../operations/admission.ts'
import { personNames } from './names.ts'
import { acts } from './operation.ts'
import { time } from './shapes.ts'

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

export const ADMISSION_OPERATIONS = acts(ADMISSION, {
  list: async (parts) => {
    const rules = await listAdmissionRules(parts.agents.storage.read)
    const nameOf = await personNames(
      parts,
      rules.map(({ ownerId }) => ownerId),
    )
    return { rules: rules.map((rule) => shown(rule, nameOf(rule.ownerId))) }
  },
  add: async (parts, { body, caller }) => {
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
  remove: async (parts, { caller, params }) => {
    await removeAdmissionRule(parts.agents, { name: params.name, by: caller.person.id })
    return {}
  },
})
