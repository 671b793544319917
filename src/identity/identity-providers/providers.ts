import type { KeyObject } from 'node:crypto'
import { importVerificationJwk } from '../../platform/jose/index.ts'
import { Problem } from '../../platform/lib/problem.ts'
import type { Secret } from '../../platform/lib/secret.ts'
import {
  type Outbound,
  type OutboundOptions,
  type RemoteKeys,
  remoteKeys,
} from '../../platform/net/index.ts'
import type { PeopleParts } from '../people/index.ts'
import type { SignInRequest } from './begin.ts'
import type { CompletedSignIn, TriedSignIn } from './complete.ts'
import { Discovery } from './discovery.ts'
import { type LogOutAct, logOut } from './log-out.ts'
import { checkSubjectToken, type Subject, type TokenPresenter } from './subject-token.ts'

/**
 * Connections to identity providers: everything that talks to them. One per process: it remembers
 * what they publish.
 */
export class Providers {
  readonly #parts: PeopleParts
  readonly #discovery: Discovery
  readonly #keys = new Map<string, { url: string; keys: RemoteKeys<KeyObject> }>()

  /** `outbound` from `net/`; each provider gets one that may reach no private address but the provider's own. */
  constructor(parts: PeopleParts, outbound: (options: OutboundOptions) => Outbound) {
    this.#parts = parts
    this.#discovery = new Discovery(parts.clock, outbound)
  }

  /** See `beginSignIn`. */
  async begin(signIn: SignInRequest): Promise<{ url: string; cookie: Secret; expiresAt: number }> {
    const { beginSignIn } = await import('./begin.ts') // with its OpenID client, which waits for the first person
    return beginSignIn(this.#parts, this.#discovery, signIn)
  }

  /** See `completeSignIn`; a try has no person. */
  async complete(callbackUrl: string, cookie: string | undefined): Promise<CompletedSignIn> {
    const done = await this.finish(callbackUrl, cookie)
    if ('triedBy' in done) throw new Problem('sign_in.unknown', 'the sign-in was only a test')
    return done
  }

  /** See `completeSignIn`. */
  async finish(
    callbackUrl: string,
    cookie: string | undefined,
  ): Promise<CompletedSignIn | TriedSignIn> {
    const { completeSignIn } = await import('./complete.ts')
    return completeSignIn(this.#parts, this.#discovery, callbackUrl, cookie)
  }

  /** See `checkSubjectToken`. */
  checkSubjectToken(
    token: string,
    tokenType: string,
    { agent }: { agent: TokenPresenter },
  ): Promise<Subject> {
    return checkSubjectToken(this.#parts, (issuer) => this.#keysOf(issuer), token, tokenType, agent)
  }

  /** See `logOut`. */
  logOut(token: string, also: LogOutAct): Promise<void> {
    return logOut(this.#parts, (issuer) => this.#keysOf(issuer), token, also)
  }

  close(): Promise<void> {
    return this.#discovery.close()
  }

  async #keysOf(issuer: string): Promise<RemoteKeys<KeyObject>> {
    const { metadata, outbound } = await this.#discovery.find(issuer)
    const url = metadata.jwks_uri
    if (!url) throw new Problem('provider.unreachable', `${issuer} publishes no keys`)
    const known = this.#keys.get(issuer)
    if (known?.url === url) return known.keys
    const { fetchJson } = outbound
    // Kinds we cannot verify with are passed over; the JWT check decides which key fits which algorithm.
    const importProviderKey = (jwk: Readonly<Record<string, unknown>>) =>
      importVerificationJwk(jwk).key
    const keys = remoteKeys({ url, fetchJson, clock: this.#parts.clock, read: importProviderKey })
    this.#keys.set(issuer, { url, keys })
    return keys
  }
}
