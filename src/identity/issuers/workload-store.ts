import type { Reader, Step, Tx } from '../../platform/storage/index.ts'

/** The agent that a subject is, within the registration that vouches for it. */
export async function findWorkload(
  db: Reader,
  issuer: string,
  subject: string,
): Promise<string | undefined> {
  const row = await db
    .selectFrom('workloads')
    .select('agent_id')
    .where('issuer', '=', issuer)
    .where('subject', '=', subject)
    .executeTakeFirst()
  return row?.agent_id
}

export async function insertWorkload(
  tx: Tx,
  workload: { issuer: string; subject: string; agentId: string; at: number },
): Promise<void> {
  const { agentId, at, issuer, subject } = workload
  await tx
    .insertInto('workloads')
    .values({ issuer, subject, agent_id: agentId, created_at: at })
    .execute()
}

/**
 * Claims a token for an agent, which may show it again: touches its row when no agent, or the same one, showed it before.
 * INVARIANT: a token belongs to the agent that showed it first, until it expires (contract 5).
 */
export function holdTokenQuery(
  db: Reader,
  token: { digest: string; agentId: string; expiresAt: number },
): Step['query'] {
  return db
    .insertInto('workload_tokens')
    .values({ digest: token.digest, agent_id: token.agentId, expires_at: token.expiresAt })
    .onConflict((conflict) =>
      conflict
        .column('digest')
        .doUpdateSet({ agent_id: (eb) => eb.ref('excluded.agent_id') })
        .whereRef('workload_tokens.agent_id', '=', 'excluded.agent_id'),
    )
}

/** Forgets tokens that have expired: they are refused for their expiry. */
export async function forgetWorkloadTokens(tx: Tx, now: number): Promise<void> {
  await tx.deleteFrom('workload_tokens').where('expires_at', '<', now).execute()
}
