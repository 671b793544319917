import type { AnswerOf } from '../server/operation-types.ts'

export type AgentJson = AnswerOf<'GET', '/agents'>['agents'][number]

/** With its keys and clients. */
export type AgentDetails = AnswerOf<'GET', '/agents/:name'>
