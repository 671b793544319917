import {
  type EverAnswer,
  type EverRule,
  placeInFiles,
  type SourceFile,
} from '../../../policy/policy/index.ts'
import { EverRule as EverRuleJson } from '../../api-operations/policies/ever.ts'
import * as kit from '../../operation-kit/schemas.ts'
import { type DeterminingRules, type PermittedAgent, whatCan, whoCan } from '../../reach/index.ts'
import { toJson } from '../json.ts'
import { personNames } from '../names.ts'
import type { ApiParts } from '../parts.ts'

/** Lists all who could ever do something. */
export async function whoShape(
  parts: Pick<ApiParts, 'decisions' | 'people' | 'policies'>,
  wanted: string,
) {
  const { action, agents, cut, people, policyVersion, resource } = await whoCan(
    parts.decisions,
    wanted,
  )
  const files = await filesOf(parts, policyVersion)
  const nameOf = await personNames(
    parts,
    agents.flatMap((agent) => agent.for.map(({ personId }) => personId)),
  )
  return {
    ...{ version: policyVersion, action, resource, cut },
    people: people.map(({ person, ...rest }) => ({
      id: person.id,
      name: person.name,
      ...rulesShape(rest, files),
    })),
    agents: agents.map(({ agent, for: whom, within, ...rest }) => ({
      id: agent.id,
      within,
      for: forShape(whom, nameOf),
      ...rulesShape(rest, files),
    })),
  }
}

/** Lists all that an agent could ever do. */
export async function whatShape(
  parts: Pick<ApiParts, 'decisions' | 'people' | 'policies'>,
  name: string,
) {
  const { actions, agent, policyVersion } = await whatCan(parts.decisions, name)
  const files = await filesOf(parts, policyVersion)
  const nameOf = await personNames(
    parts,
    actions.flatMap((each) => each.for.map(({ personId }) => personId)),
  )
  return {
    version: policyVersion,
    agent: agent.id,
    actions: actions.map(({ for: whom, said, ...action }) => ({
      ...action,
      for: forShape(whom, nameOf),
      ...saidShape(said, files),
    })),
  }
}

const RULE = EverRuleJson(kit)

type Files = readonly SourceFile[]

/** Lists the files that the version was put together from. */
async function filesOf(parts: Pick<ApiParts, 'policies'>, version: number): Promise<Files> {
  return version === 0 ? [] : (await parts.policies.version(version)).files
}

function saidShape(said: EverAnswer, files: Files) {
  if (said.possible) return { possible: true, because: null, ...rulesShape(said, files) }
  const { because, rules } = said
  return { possible: false, because, ...rulesShape({ permits: [], forbids: rules }, files) }
}

function rulesShape({ forbids, permits }: DeterminingRules, files: Files) {
  const shape = (rule: EverRule) => toJson(RULE, { ...rule, ...placeInFiles(files, rule.line) })
  return { permits: permits.map(shape), forbids: forbids.map(shape) }
}

function forShape(whom: PermittedAgent['for'], nameOf: (id: string) => string | null) {
  return whom.map(({ by, personId }) => ({
    person: personId,
    person_name: nameOf(personId),
    by,
  }))
}
