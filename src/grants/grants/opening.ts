import type { Detail } from '@remit/engine'
import type { MintedToken } from '../../identity/tokens/index.ts'
import type { Id } from '../../platform/lib/id.ts'
import type { Task } from '../../tasks/tasks/index.ts'
import type { GrantRefusal } from '../issuance/index.ts'

/** A certificate that a client showed at the TLS connection, with its public key. */
export interface ClientCertificate {
  readonly x5t: string
  readonly jwk: unknown
  /** DER, and what came between it and an authority. */
  readonly leaf: Uint8Array
  readonly chain: readonly Uint8Array[]
}

/**
 * Members that every request to open a task brings, as an edge read them, before anything about
 * them is believed.
 */
export interface OpeningRequest {
  /** RFC 7523 client authentication: `client_assertion` and its type. */
  readonly assertion: string | undefined
  readonly assertionType: string | undefined
  /** Audiences that an assertion may name beside the issuer. */
  readonly audiences?: readonly string[] | undefined
  /** Every value of the header `DPoP`: by a key that was never used for a task. */
  readonly proof: string | readonly string[] | undefined
  /**
   * Certificate of the TLS connection: it binds the task where there is no proof, or says which
   * agent asks where there is no assertion.
   */
  readonly certificate?: ClientCertificate | undefined
  /** Client that asks, where the certificate says that it is them. */
  readonly clientId?: string | undefined
  readonly method: string
  readonly url: string
  /** Identifier of the one resource that a token is wanted for. */
  readonly resource?: string | undefined
  readonly origin: { readonly ip: string }
}

/** Task that is wanted: what it may do, why, how long and where. */
export interface WantedTask {
  /** `authorization_details`, parsed. Details requested by `scope` are added. */
  readonly details?: unknown
  readonly scope?: string | undefined
  /** True: all that is asked for is needed, and less is worth nothing. */
  readonly requireAll?: boolean | undefined
  readonly purpose: string
  /** Seconds that the task may last; an hour when left out, a day at most. */
  readonly lifeSeconds?: number | undefined
  /** `budget`, parsed. */
  readonly budget?: unknown
  /** Name of the space it is for, and of the thread there. */
  readonly space?: string | undefined
  readonly thread?: string | undefined
}

/** A request to open a task for a person (contract 5.1). */
export interface Opening extends OpeningRequest, WantedTask {
  readonly subjectToken: string
  readonly subjectTokenType: string
  /** The agent lets the answer be deferred, where people have to be asked first. */
  readonly defer?: DeferralOptions | undefined
}

/**
 * Request to open a task by an identity assertion of another organization (ID-JAG), which may say
 * all of it.
 */
export interface AssertedOpening extends OpeningRequest, Omit<WantedTask, 'purpose'> {
  readonly identity: string
  /** Use of a grant of another domain, by its type: for people, or of a whole domain. */
  readonly use: 'id_jag' | 'chaining'
  readonly purpose?: string | undefined
  readonly defer?: DeferralOptions | undefined
}

export interface DeferralOptions {
  /** Token that the agent wants to be notified with. */
  readonly notificationToken: string | undefined
}

/** A ticket of a parent task, redeemed by the agent that it names (contract 5.4). */
export interface ChildOpening extends OpeningRequest {
  readonly ticket: string
  readonly defer?: DeferralOptions | undefined
}

/** A task with no person present, under a sponsor grant (contract 5.2). */
export interface SponsoredOpening extends OpeningRequest, Omit<WantedTask, 'purpose'> {
  /** Defaults to the purpose of the grant; if present, it must equal it. */
  readonly purpose?: string | undefined
  /** Id of the grant; left out, the only one in force. */
  readonly grantId?: string | undefined
  readonly defer?: DeferralOptions | undefined
}

export type OpeningAnswer = OpenedTask | MissingConsent | DeferredOpening | GrantRefusal

export interface OpenedTask {
  readonly outcome: 'opened'
  readonly task: Task
  readonly chain: readonly string[]
  /** Kind of token: for Remit, or for the resource that was named. */
  readonly kind: 'task' | 'resource'
  readonly token: MintedToken
  /** Details that the token holds. */
  readonly details: readonly Detail[]
  /** Details that the task may hand on, when they were asked for. */
  readonly mayDelegate?: readonly Detail[]
  readonly scope?: string
  /** Details that were asked for and not granted. */
  readonly missing?: MissingDetails
}

/** Details that a grant lacks, and the question to the person who can allow them, if there is one. */
export interface MissingDetails {
  readonly details: readonly Detail[]
  readonly question?: Omit<MissingConsent, 'outcome'>
}

/** No basis covers anything of it: the person is asked, and the agent repeats the exchange afterwards. */
export interface MissingConsent {
  readonly outcome: 'needs_consent'
  readonly consentId: Id<'consent'>
  /** Page on which the person answers. */
  readonly page: string
}

/** The person is asked, and the agent waits by a code. Every credential of the request is used up; the code takes their place. Seconds. */
export interface DeferredOpening {
  readonly outcome: 'deferred'
  readonly code: string
  readonly expiresIn: number
  readonly interval: number
  /** Page on which the person answers; nothing where others are asked. */
  readonly page: string | undefined
}
