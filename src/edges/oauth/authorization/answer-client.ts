import type { GrantParts } from '../../../grants/grants/index.ts'
import { isLetIn, isLoopbackRedirect } from '../../../identity/client-metadata/index.ts'
import type { Problem } from '../../../platform/lib/problem.ts'
import { oauthAnswer } from '../render-problem.ts'
import type { RequestingClient } from './requesting-client.ts'

/** Parameters of an answer (RFC 6749 sections 4.1.2 and 4.1.2.1). */
export type ClientAnswer =
  | { readonly code: string }
  | { readonly error: string; readonly error_description: string }

/**
 * Writes the address of an answer: in the query, with the state as it came and the issuer (RFC 9207).
 * INVARIANT: answers are sent in the query, never in a form or a fragment, errors included.
 */
export function answerUrl(
  {
    issuer,
    redirectUri,
    state,
  }: Readonly<Record<'issuer' | 'redirectUri', string>> & {
    readonly state: string | undefined
  },
  answer: ClientAnswer,
): string {
  const url = new URL(redirectUri)
  for (const [name, value] of Object.entries(answer)) url.searchParams.set(name, value)
  if (state !== undefined) url.searchParams.set('state', state)
  url.searchParams.set('iss', issuer)
  return url.href
}

/** Answer to a request that was refused. */
export function errorAnswer(problem: Problem): ClientAnswer {
  const { error, error_description } = oauthAnswer(problem, '').body
  return { error, error_description }
}

/**
 * Tells whether a browser may be sent to a client before a person has pressed a button.
 * INVARIANT: only if the client was let in, or the address is the person's own computer. Anyone can
 * register an address; a link of ours that leads straight there would lend it our name (RFC 9700
 * section 4.11.2).
 */
export async function mayBeToldAtOnce(
  { storage }: Pick<GrantParts, 'storage'>,
  { self }: RequestingClient,
  redirectUri: string,
): Promise<boolean> {
  return isLoopbackRedirect(redirectUri) || isLetIn(storage.read, self)
}
