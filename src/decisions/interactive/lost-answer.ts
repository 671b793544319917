import { sha256url } from '../../lib/bytes.ts'
import type { Step } from '../../storage/index.ts'
import {
  findRefreshAnswer,
  insertRefreshAnswerStep,
  opaqueDigest,
  type Proof,
  type RefreshToken,
} from '../../tokens/index.ts'
import type { HeldTask } from '../facts.ts'
import { aboutTask, grantAt } from '../issue-resource-token.ts'
import type { Refused } from '../opening/opening.ts'
import { isRefused } from '../opening/wanted.ts'
import type { DecisionParts } from '../parts.ts'
import { proofStep } from '../refuse.ts'
import type { InteractiveTokens } from './issue.ts'

/** Long enough for a client that tries again at once, too short for anything else. */
const KEPT_MS = 10_000

/** What is asked with a refresh token. */
interface Asked {
  readonly clientId: string
  readonly refreshToken: string
  readonly resource?: string | undefined
  readonly scope?: string | undefined
  readonly details?: unknown
  readonly origin: { readonly ip: string }
}

/** Everything that makes a request the same one: the key too, but not the proof, which is fresh each time. */
function hashOf(asked: Asked, { thumbprint }: Proof): string {
  const { clientId, details, refreshToken, resource, scope } = asked
  return sha256url(JSON.stringify([refreshToken, clientId, thumbprint, resource, scope, details]))
}

/**
 * Keeps what a refresh token is answered with, in the commit that uses it up. Only for clients that prove their key: of any other,
 * whoever holds a copy would look the same.
 */
export function rememberStep(
  parts: Pick<DecisionParts, 'clock' | 'master' | 'storage'>,
  shown: Pick<RefreshToken, 'digest'>,
  { asked, proof }: { readonly asked: Asked; readonly proof: Proof },
): (answer: InteractiveTokens) => Step {
  return (answer) =>
    insertRefreshAnswerStep(parts.storage.read, {
      digest: shown.digest,
      requestHash: hashOf(asked, proof),
      answer: parts.master.seal(JSON.stringify(answer), placeOf(shown)),
      next:
        answer.refreshToken === undefined
          ? null
          : (opaqueDigest('remit_rt', answer.refreshToken) ?? null),
      until: parts.clock.now() + KEPT_MS,
    })
}

/**
 * The same answer again, for the same request by the same key within some seconds: the first one may have been lost. Never a second
 * family: these are the tokens that were issued then, and not once the refresh token among them was used. Refused while it is stopped.
 * `undefined`: it is reuse.
 */
export async function lostAnswer(
  parts: DecisionParts,
  given: {
    readonly asked: Asked
    readonly shown: RefreshToken
    readonly held: HeldTask
    readonly proof: Proof
    /** What else is used up. */
    readonly steps: readonly Step[]
  },
): Promise<InteractiveTokens | Refused | undefined> {
  const { asked, held, proof, shown, steps } = given
  const requestHash = hashOf(asked, proof)
  const { digest } = shown
  const sealed = await findRefreshAnswer(parts.storage.read, {
    ...{ digest, requestHash },
    now: parts.clock.now(),
  })
  if (!sealed) return undefined
  const issuing = { grant: 'refresh_token', bound: true, origin: asked.origin } as const
  const { details, scope } = asked
  const still = await grantAt(parts, held, { resource: shown.resource, details, scope, issuing })
  // It is the client all the same, and suspending closes nothing.
  if (isRefused(still)) return still
  const done = await parts.live.commit(parts.storage, [
    proofStep(parts, proof),
    ...steps,
    parts.ledger.appendStep({
      ...aboutTask(held),
      type: 'token.repeated',
      resource: still.resource.name,
      thumbprint: proof.thumbprint,
    }),
  ])
  if (!done.committed) return undefined
  const text = Buffer.from(parts.master.open(sealed, placeOf(shown))).toString('utf8')
  return JSON.parse(text) as InteractiveTokens // sealed by `rememberStep`
}

/** What an answer is sealed to. */
export function placeOf({ digest }: Pick<RefreshToken, 'digest'>): string {
  return `refresh_answers/${digest}`
}
