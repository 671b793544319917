import { MINUTE } from '../../platform/lib/time-units.ts'
import { codec, type Reader, type Step, type Tx } from '../../platform/storage/index.ts'

const SIGN_INS = codec('sign_ins').of<SignIn>()

/** A person has this long to come back from the provider. */
export const SIGN_IN_LIFE_MS = 10 * MINUTE

/** A sign-in under way. What must stay secret about it is sealed. */
export interface SignIn {
  readonly stateDigest: string
  readonly issuer: string
  readonly sealed: Uint8Array
  readonly returnTo: string
  readonly expiresAt: number
}

/** Answers the context that the secrets of a sign-in are sealed to. */
export function signInAssociatedData(stateDigest: string): string {
  return `sign_ins/${stateDigest}`
}

export function insertSignInStep(db: Reader, signIn: SignIn): Step {
  const query = db.insertInto('sign_ins').values(SIGN_INS.write(signIn))
  return { name: 'sign-in', query, rows: 1 }
}

/** Removes and returns it: only one caller gets it. */
export async function takeSignIn(tx: Tx, stateDigest: string): Promise<SignIn | undefined> {
  const row = await tx
    .deleteFrom('sign_ins')
    .where('state_digest', '=', stateDigest)
    .returningAll()
    .executeTakeFirst()
  return row && SIGN_INS.read(row)
}

export async function deleteExpiredSignIns(tx: Tx, now: number): Promise<void> {
  await tx.deleteFrom('sign_ins').where('expires_at', '<=', now).execute()
}
