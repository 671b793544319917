import {
  askConfirmation,
  isSignedOperation,
  type SecretDigest,
  type UsedConfirmation,
  useConfirmation,
} from '../../identity/sessions/index.ts'
import { meaningOf } from './meaning/meaning-of.ts'
import type { ApiCaller, Input, Operation } from './operation.ts'
import type { ApiParts } from './parts.ts'
import { time } from './shapes.ts'
import { withoutSecrets } from './without-secrets.ts'

/** A body answered with 202: nothing was done yet. */
export interface ConfirmationNeeded {
  readonly confirmation: { readonly id: string; readonly url: string; readonly expires_at: string }
}

/** Confirmation that is needed, or that was given; `undefined` where none has to be. */
type ConfirmationResult =
  | { readonly needed: ConfirmationNeeded }
  | { readonly confirmed: UsedConfirmation | undefined }

/**
 * INVARIANT: outside `remit dev`, what widens access is done only after the same person said yes to exactly this on a page
 * (contract 10): to every value of the request, wherever it stands and whatever it is called. Answers what to confirm; or the yes, used up by that, with which the act may go on.
 * @throws Problem `confirmation.missing`, and what the act throws: the person is not asked to confirm what would be refused
 */
export async function confirmWidening(
  parts: ApiParts,
  operation: Operation,
  {
    caller,
    input,
    confirmation,
  }: { caller: ApiCaller; input: Input; confirmation: string | undefined },
): Promise<ConfirmationResult> {
  // An act that has to be signed gets a confirmation page, even if it widens nothing.
  const confirmed = operation.widens || isSignedOperation(parts.people, operation.id)
  const waived = parts.development && !operation.confirmedInDevelopment
  if (!confirmed || waived) return { confirmed: undefined }
  const payloadOf = (digest: SecretDigest) => ({
    params: withoutSecrets(operation.params, input.params, digest),
    query: withoutSecrets(operation.query, input.query, digest),
    body: withoutSecrets(operation.body, input.body, digest),
  })
  const asked = { personId: caller.person.id, operation: operation.id, payloadOf }
  if (confirmation !== undefined) {
    return { confirmed: await useConfirmation(parts.people, { ...asked, id: confirmation }) }
  }
  const meaning = await meaningOf(parts, operation, input, caller.person)
  const isRehearsed = operation.widens && !operation.asksOutside
  const act = isRehearsed ? () => operation.run(parts, caller, input) : undefined
  const { expiresAt, id } = await askConfirmation(parts.people, { ...asked, meaning, act })
  const url = `${parts.issuer}/confirm/${id}`
  return { needed: { confirmation: { id, url, expires_at: time(expiresAt) } } }
}
