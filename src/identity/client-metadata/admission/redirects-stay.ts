import type { Reader } from '../../../platform/storage/index.ts'
import type { Agent } from '../../agents/index.ts'
import type { Description } from '../description.ts'
import type { SelfRegisteredClient } from '../self-registered.ts'
import { findRule } from './admission-store.ts'
import { ruleFor } from './match-rule.ts'

/**
 * Tells whether an agent's answers stay where they went when it was admitted: at hosts that it
 * named then, or that the rule which let it in names.
 */
export async function redirectsStay(
  db: Reader,
  agent: Agent,
  { before, client }: { before: Description | undefined; client: SelfRegisteredClient },
): Promise<boolean> {
  const hosts = new Set((before?.redirectUris ?? []).map(originOf))
  if (client.redirectUris.every((uri) => hosts.has(originOf(uri)))) return true
  const rule = agent.admission ? await findRule(db, agent.admission) : undefined
  return rule !== undefined && ruleFor([rule], client) !== undefined
}

/** Ports of programs on this computer are given out by chance. */
function originOf(uri: string): string {
  const url = new URL(uri)
  return url.protocol === 'http:' ? url.hostname : url.origin
}
