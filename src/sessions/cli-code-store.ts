import type { Tx } from '../storage/index.ts'

export interface CliCode {
  readonly digest: string
  readonly personId: string
  readonly challenge: string
  readonly redirectUri: string
  readonly authTime: number
  readonly expiresAt: number
  readonly sid: string | null
}

export async function insertCliCode(tx: Tx, code: CliCode): Promise<void> {
  await tx
    .insertInto('cli_codes')
    .values({
      digest: code.digest,
      person_id: code.personId,
      challenge: code.challenge,
      redirect_uri: code.redirectUri,
      auth_time: code.authTime,
      expires_at: code.expiresAt,
      sid: code.sid,
    })
    .execute()
}

/** Removes and returns it: whoever gets it is the only one. */
export async function takeCliCode(tx: Tx, digest: string): Promise<CliCode | undefined> {
  const row = await tx
    .deleteFrom('cli_codes')
    .where('digest', '=', digest)
    .returningAll()
    .executeTakeFirst()
  return (
    row && {
      digest: row.digest,
      personId: row.person_id,
      challenge: row.challenge,
      redirectUri: row.redirect_uri,
      authTime: row.auth_time,
      expiresAt: row.expires_at,
      sid: row.sid,
    }
  )
}

export async function deleteCliCodesOf(tx: Tx, personId: string): Promise<void> {
  await tx.deleteFrom('cli_codes').where('person_id', '=', personId).execute()
}

export async function deleteExpiredCliCodes(tx: Tx, now: number): Promise<void> {
  await tx.deleteFrom('cli_codes').where('expires_at', '<=', now).execute()
}
