import type { AnswerOf } from '../server/operation-types.ts'

/** An enforcement point, as the API tells it. */
export type PepJson = AnswerOf<'GET', '/peps'>['peps'][number]

/** What it is answered about, and what of it is believed. */
export function settingsInWords(pep: PepJson): string {
  return [
    aboutInWords(pep),
    ...(pep.properties ? ['properties of its requests count'] : []),
    ...(pep.names_tasks ? ['it is believed about who calls'] : []),
    ...(pep.takes ? ['it asks /v1/calls before a call runs'] : []),
  ].join('; ')
}

function aboutInWords({ issuing, mode, policy_set, resources }: PepJson): string {
  const about = resources?.join(', ') ?? 'every resource'
  if (mode === 'policy-only') return `answered by the policy set ${policy_set}`
  if (!issuing) return `asks about calls of tasks to ${about}`
  const { audiences, issuer, parties } = issuing
  return [
    `${issuer} asks before it issues tokens for ${about}`,
    ...parties.map(({ agent, id, type }) => `the ${type} ${id} is ${agent}`),
    ...audiences.map(({ id, resources: behind }) => `${id} is ${behind.join(', ')}`),
  ].join('; ')
}
