import type { Agent } from './agent.ts'

/** Whether its owner should have said by now that it is still wanted. */
export function isOverdue({ certification }: Pick<Agent, 'certification'>, now: number): boolean {
  return certification !== null && certification.until <= now
}
