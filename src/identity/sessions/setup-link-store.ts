import type { Reader, Tx } from '../../platform/storage/index.ts'

export interface SetupLink {
  readonly digest: string
  readonly expiresAt: number
}

/** Key of the one setup link in `meta`: there is one link at most. */
const KEY = 'people.setup_link'

export async function readSetupLink(reader: Reader): Promise<SetupLink | undefined> {
  const row = await reader
    .selectFrom('meta')
    .select('value')
    .where('key', '=', KEY)
    .executeTakeFirst()
  const [digest, expiresAt] = row?.value.split(' ') ?? []
  return digest && expiresAt ? { digest, expiresAt: Number(expiresAt) } : undefined
}

/** Replaces the former link, if there is one. */
export async function writeSetupLink(tx: Tx, link: SetupLink): Promise<void> {
  const value = text(link)
  await tx
    .insertInto('meta')
    .values({ key: KEY, value })
    .onConflict((conflict) => conflict.column('key').doUpdateSet({ value }))
    .execute()
}

/** True for exactly one caller. */
export async function takeSetupLink(tx: Tx, link: SetupLink): Promise<boolean> {
  const { numDeletedRows } = await tx
    .deleteFrom('meta')
    .where('key', '=', KEY)
    .where('value', '=', text(link))
    .executeTakeFirstOrThrow()
  return numDeletedRows === 1n
}

function text(link: SetupLink): string {
  return `${link.digest} ${link.expiresAt}`
}
