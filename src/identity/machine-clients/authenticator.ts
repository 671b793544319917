import { readCompact, readObject } from '../../platform/jose/index.ts'
import type { Clock } from '../../platform/lib/clock.ts'
import { isName } from '../../platform/lib/id.ts'
import { LruCache } from '../../platform/lib/lru-cache.ts'
import { Problem } from '../../platform/lib/problem.ts'
import {
  keptKeys,
  type Live,
  type LiveKey,
  type LiveView,
  ORGANIZATION,
} from '../../platform/revocation/index.ts'
import type { Step, Storage } from '../../platform/storage/index.ts'
import {
  type CredentialUse,
  credentialStep,
  ownAssertionRules,
  useOfOwnAssertion,
  verifyInVain,
} from '../agent-authentication/index.ts'
import { type ClientCredential, clientKey, credentialsKey, type MachineClient } from './client.ts'
import { findClient, usedStep } from './client-store.ts'
import { credentialUsedStep, findCredential, listCredentials } from './credential-store.ts'
import { type ClientKind, type ClientRight, type KindWith, kindRules } from './kinds.ts'
import type { PresentedClient } from './presented.ts'
import { clientSecretDigest } from './secret.ts'

/** A machine client that has said who it is. */
export interface KnownClient<K extends ClientKind = ClientKind> {
  readonly client: MachineClient<K>
  /** Organization, client and its credentials: while it holds, this is who asks, with these settings. */
  readonly view: LiveView
}

export interface AuthenticatorParts {
  readonly storage: Storage
  readonly live: Pick<Live, 'view' | 'viewAtHand'>
  readonly clock: Clock
  /** Remit's own. */
  readonly issuer: string
}

/** Part of those that know machine clients. */
export interface ClientAuthentication {
  readonly clients: Pick<ClientAuthenticator, 'authenticate' | 'glance'>
}

interface VerifiedClient extends KnownClient {
  readonly credential: ClientCredential
  /** Use of an assertion, which counts once. */
  readonly use?: CredentialUse
}

/** A client that was found by its secret, with the list of its epochs, by which they are found again. */
interface KeptClient extends VerifiedClient {
  readonly keys: readonly LiveKey[]
}

const MAX_CHARACTERS = 4096
const MAX_KEPT = 2_000

/**
 * Authenticates machine clients, by a secret or by a JWT that they sign (`private_key_jwt`, RFC 7523 section 2.2, by the
 * rules for assertions of agents). The client of a secret is remembered, by the secret's digest.
 * INVARIANT: the epochs are asked for each time, so nothing kept outlives a removal, another setting or an ended credential.
 */
export class ClientAuthenticator {
  readonly #parts: AuthenticatorParts
  readonly #kept = new LruCache<KeptClient>(MAX_KEPT)
  readonly #touched = new Map<string, number>()

  constructor(parts: AuthenticatorParts) {
    this.#parts = parts
  }

  /** Identifies a client by its secret without I/O: `undefined` where something has to be read, or looked into. */
  atHand<R extends ClientRight>(
    presented: PresentedClient | undefined,
    right: R,
  ): KnownClient<KindWith<R>> | undefined {
    const kept = this.#keptOf(presented)
    if (!kept || !hasRight(kept.client, right) || kindRules(kept.client.kind).touchEveryMs === 0)
      return undefined
    const view = this.#parts.live.viewAtHand(kept.keys)
    return view && this.#isStill(kept, view) ? { client: kept.client, view } : undefined
  }

  /**
   * Identifies a client that has the right. An assertion is used up by this.
   * @throws Problem `client.unauthenticated` for every failure, in the same words; the true reason is its `cause`, for the log
   */
  async authenticate<R extends ClientRight>(
    presented: PresentedClient | undefined,
    right: R,
  ): Promise<KnownClient<KindWith<R>>> {
    return this.#inSameWords(async () => {
      const verified = await this.#verify(presented, right)
      const client = await this.#used(verified)
      return { client: client as MachineClient<KindWith<R>>, view: verified.view } // of a kind with the right
    })
  }

  /** Checks the same before a body has arrived, and uses nothing up. @throws Problem `client.unauthenticated` */
  async glance(presented: PresentedClient | undefined, right: ClientRight): Promise<void> {
    await this.#inSameWords(() => this.#verify(presented, right))
  }

  async #inSameWords<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work()
    } catch (cause) {
      // A store that cannot be reached proves nothing about the caller.
      throw cause instanceof Problem && cause.status < 500 ? unauthenticated(cause) : cause
    }
  }

  async #verify(
    presented: PresentedClient | undefined,
    right: ClientRight,
  ): Promise<VerifiedClient> {
    if (!presented) throw unknownClient('no credential was shown')
    const verified = await this.#known(presented)
    const { id, kind } = verified.client
    if (!hasRight(verified.client, right))
      throw unknownClient(
        `\`${id}\` is a client of the kind ${kind}, which has no right to ${right}`,
      )
    return verified
  }

  async #known(presented: PresentedClient): Promise<VerifiedClient> {
    if (presented.kind === 'assertion') return this.#byAssertion(presented)
    const kept = this.#keptOf(presented)
    const view = kept && (await this.#parts.live.view(kept.keys))
    if (kept && view && this.#isStill(kept, view)) return { ...kept, view }
    return this.#bySecret(presented)
  }

  async #bySecret(
    presented: Extract<PresentedClient, { kind: 'secret' }>,
  ): Promise<VerifiedClient> {
    const digest = clientSecretDigest(presented.secret)
    if (digest === undefined) throw unknownClient('this is no secret of ours')
    const { read } = this.#parts.storage
    const found = await findCredential(read, digest)
    if (found?.kind !== 'secret') throw unknownClient('the secret is not known')
    if (!isNamed(presented, found.client)) throw unknownClient('the secret is of another client')
    const known = await this.#alive(found.client)
    // INVARIANT, second look: read again under the view that watches over it.
    const credential = await findCredential(read, digest)
    if (!credential || !this.#isInUse(credential)) throw unknownClient('the secret has ended')
    const verified = { ...known, credential }
    this.#kept.put(digest, 0, { ...verified, keys: keptKeys(keysOf(known.client.id)) })
    return verified
  }

  async #byAssertion({
    audiences,
    jwt,
  }: Extract<PresentedClient, { kind: 'assertion' }>): Promise<VerifiedClient> {
    const { header, payload } = readCompact(jwt, MAX_CHARACTERS)
    const { iss, sub } = readObject(payload, 'claims set')
    if (!isName(iss) || sub !== iss)
      throw unknownClient('`iss` and `sub` do not both name the client')
    const known = await this.#alive(iss).catch((error: unknown) => {
      if (error instanceof Problem && error.code === 'client.unknown') return error
      throw error
    })
    // Asked for, also of a client that is not there: it takes as long.
    const all = await listCredentials(this.#parts.storage.read, iss)
    const keys = all.filter((each) => each.kind === 'key' && this.#isInUse(each))
    const credential = known instanceof Problem ? undefined : pick(keys, header.kid)
    await verifyInVain(ownAssertionRules(this.#parts, audiences), jwt, credential?.jwk ?? undefined)
    if (known instanceof Problem) throw known
    if (!credential?.jwk) throw unknownClient(`\`${iss}\` has no key that fits the assertion`)
    const by = { clientId: iss, jwk: credential.jwk, audiences }
    return { ...known, credential, use: await useOfOwnAssertion(this.#parts, jwt, by) }
  }

  async #alive(id: string): Promise<KnownClient> {
    const view = await this.#parts.live.view(keysOf(id))
    const client = await findClient(this.#parts.storage.read, id)
    if (!client || client.removedAt !== null || view.dead.some(({ kind }) => kind === 'client'))
      throw unknownClient(`there is no client \`${id}\` in use`)
    return { client, view }
  }

  #keptOf(presented: PresentedClient | undefined): KeptClient | undefined {
    if (presented?.kind !== 'secret') return undefined
    const digest = clientSecretDigest(presented.secret)
    const kept = digest === undefined ? undefined : this.#kept.get(digest, 0)
    return kept && isNamed(presented, kept.client.id) ? kept : undefined
  }

  #isStill({ credential, view: before }: VerifiedClient, view: LiveView): boolean {
    return (
      this.#isInUse(credential) &&
      view.dead.every(({ kind }) => kind !== 'client') &&
      view.states.every(
        ({ epoch, kind }, i) => kind !== 'client' || before.states[i]?.epoch === epoch,
      )
    )
  }

  #isInUse({ endsAt }: ClientCredential): boolean {
    return endsAt === null || endsAt > this.#parts.clock.now()
  }

  /** Uses an assertion up, and notes the use of the client where it is time to. */
  async #used({ client, credential, use }: VerifiedClient): Promise<MachineClient> {
    const { clock, storage } = this.#parts
    const now = clock.now()
    const noted = Math.max(this.#touched.get(credential.id) ?? 0, credential.lastUsedAt ?? 0)
    const due = now - noted >= kindRules(client.kind).touchEveryMs
    const steps: Step[] = use ? [credentialStep(storage.read, use)] : []
    if (due)
      steps.push(
        usedStep(storage.read, client.id, now),
        credentialUsedStep(storage.read, credential.id, now),
      )
    if (steps.length > 0 && !(await storage.commit(steps)).committed)
      throw new Problem('assertion.replayed', 'the client assertion was used before')
    if (due) this.#touched.set(credential.id, now)
    return { ...client, lastUsedAt: Math.max(due ? now : noted, client.lastUsedAt ?? 0) }
  }
}

function keysOf(id: string) {
  return [ORGANIZATION, clientKey(id), credentialsKey(id)]
}

function hasRight<R extends ClientRight>(
  client: MachineClient,
  right: R,
): client is MachineClient<KindWith<R>> {
  return kindRules(client.kind).may.includes(right)
}

function isNamed(presented: Extract<PresentedClient, { kind: 'secret' }>, id: string): boolean {
  return (presented.name ?? id) === id
}

/** Picks the key by `kid` (or thumbprint); without one, the only key there is. */
function pick(
  keys: readonly ClientCredential[],
  kid: string | undefined,
): ClientCredential | undefined {
  if (kid !== undefined) return keys.find((key) => key.kid === kid || key.digest === kid)
  return keys.length === 1 ? keys[0] : undefined
}

function unknownClient(detail: string): Problem {
  return new Problem('client.unknown', detail)
}

function unauthenticated(cause: Problem): Problem {
  return new Problem(
    'client.unauthenticated',
    'the credential of a machine client that may do this is needed',
    { cause },
  )
}
