import { codec, type Tx } from '../../platform/storage/index.ts'

const CLI_CODES = codec('cli_codes').of<CliCode>()

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
  await tx.insertInto('cli_codes').values(CLI_CODES.write(code)).execute()
}

/** Removes and returns it: only one caller gets it. */
export async function takeCliCode(tx: Tx, digest: string): Promise<CliCode | undefined> {
  const row = await tx
    .deleteFrom('cli_codes')
    .where('digest', '=', digest)
    .returningAll()
    .executeTakeFirst()
  return row && CLI_CODES.read(row)
}

export async function deleteCliCodesOf(tx: Tx, personId: string): Promise<void> {
  await tx.deleteFrom('cli_codes').where('person_id', '=', personId).execute()
}

export async function deleteExpiredCliCodes(tx: Tx, now: number): Promise<void> {
  await tx.deleteFrom('cli_codes').where('expires_at', '<=', now).execute()
}
