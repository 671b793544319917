import { Problem } from '../../../platform/lib/problem.ts'
import type { PossessionKind } from './possession.ts'

/** An attestation and a proof, as one credential: how it is called among the ways to authenticate. The token endpoint takes it from headers only. */
export const ATTESTED = 'headers: oauth-client-attestation'

/** Attestation in the headers of a request (sections 4 and 5 of the draft). */
export interface ShownAttestation {
  readonly attestation: string
  readonly kind: PossessionKind
  readonly proof: string
}

/** One text, as the other credentials are. */
export function writeShown({ attestation, kind, proof }: ShownAttestation): string {
  return `${kind} ${attestation} ${proof}`
}

/** @throws Problem `attestation.invalid` */
export function readShown(text: string): ShownAttestation {
  const [kind, attestation, proof, ...more] = text.split(' ')
  if (
    (kind !== 'attestation_pop_jwt' && kind !== 'dpop_combined') ||
    !attestation ||
    !proof ||
    more.length > 0
  )
    throw new Problem('attestation.invalid', 'exactly one attestation with one proof is needed')
  return { attestation, kind, proof }
}
