import type { AnswerOf } from '../server/operation-types.ts'

export type AgentJson = AnswerOf<'GET', '/agents'>['agents'][number]

/** With its keys and clients. */
export type AgentDetails = AnswerOf<'GET', '/agents/:name'>

/** Contract 2. */
export type Detail = AgentJson['ceiling'][number]

export const TRUST = ['quarantined', 'external', 'partner', 'internal'] as const

export function trustInWords(level: number): string {
  return `${level} (${TRUST[level] ?? 'unknown'})`
}
