/**
 * Interface of a policy evaluator. A compiled set stands behind it, or cedar-wasm; the gates know
 * neither. Values are closed: nothing from outside can smuggle in an entity reference or an
 * extension call.
 */

/** `type`: a name of Cedar's, with its namespace if it is in one. Those of the gates: Person, Agent, Group, Space, Resource, Action. */
export type EntityRef = { readonly type: string; readonly id: string }

/** A set of attributes or the context. Member names come from the schema, never from input. */
export type PolicyRecord = { readonly [name: string]: PolicyValue }

/**
 * Strings and booleans as they are; everything else says what it is. Numbers and dates are exact text in the one form
 * that Cedar reads: integers as int64, decimals with 1 to 4 fractional digits (`40.0`), datetimes in UTC with
 * milliseconds (`2026-01-02T03:04:05.000Z`), durations (`1h30m`), addresses and ranges of addresses (`10.0.0.0/8`).
 */
export type PolicyValue =
  | string
  | boolean
  | { readonly integer: string }
  | { readonly decimal: string }
  | { readonly datetime: string }
  | { readonly duration: string }
  | { readonly ip: string }
  | { readonly entity: EntityRef }
  | { readonly set: readonly PolicyValue[] }
  | { readonly record: PolicyRecord }

export interface PolicyEntity {
  readonly uid: EntityRef
  readonly attributes: PolicyRecord
  /** Tags that `hasTag` and `getTag` see. */
  readonly tags?: PolicyRecord
  readonly parents: readonly EntityRef[]
}

export interface PolicyQuery {
  readonly principal: EntityRef
  /** Catalog name, the id of an `Action`. */
  readonly action: string
  /** Catalog name, the id of a `Resource`. */
  readonly resource: string
  readonly context: PolicyRecord
  /** Each entity once. The same array is passed for every principal of one call. */
  readonly entities: readonly PolicyEntity[]
}

export interface PolicyAnswer {
  readonly permitted: boolean
  /** Ids of the policies that made it so: on a denial every forbid that holds, none when nothing permits. */
  readonly determining: readonly string[]
  /** Every policy that applies and could not be evaluated. One is enough to deny. */
  readonly errors: readonly { readonly policy: string; readonly message: string }[]
}

/**
 * Sign-in that a person needs (RFC 9470): in one of these ways (`acr`; none: any), and not longer
 * ago (`null`: whenever).
 */
export type StepUp = {
  readonly acrValues: readonly string[]
  readonly maxAgeSeconds: number | null
}

/** People who may answer as well, once the question has waited for so long. */
export type EscalationStep = { readonly afterSeconds: number; readonly name: string }

/** A forbid that people may lift for one call: `@requestable` and its companions, checked when the set was loaded. */
export interface Requestable {
  readonly id: string
  /** Digest of the policy's text: an approval counts only for the text that was shown. */
  readonly digest: string
  readonly prompt: string
  /** Any one of these may answer: `group:finance`, `person:psn_…`, `manager`, `owner`. */
  readonly approvers: readonly string[]
  /** Further rules like `approvers`: each of all these needs people of its own. */
  readonly furtherApprovers?: readonly (readonly string[])[]
  /** Names that count where `manager` and `owner` mean no one. */
  readonly fallback?: readonly string[]
  /** Names that count from a time on. */
  readonly escalation?: readonly EscalationStep[]
  /** True when the owners of the agents behind the call may not answer. */
  readonly barsAgentOwners?: true
  /** True when no stand-in may answer for a person who is away. */
  readonly inPerson?: true
  readonly quorum: number
  readonly lifetimeSeconds: number
  /** True when requester and represented person may answer too. */
  readonly self: boolean
  /** Sign-in that approvers need. */
  readonly stepUp?: StepUp
  /** JSON Pointers of arguments that approvers may lower or shorten. */
  readonly editable?: readonly string[]
  /** People and groups any of whom may approve alone in an emergency; absent: no one. */
  readonly breakGlass?: readonly string[]
  /** Signature that an approval needs. */
  readonly signature?: 'passkey'
  /** About the issue of tokens and nothing else: it waits for people before there is a task, and is no matter of calls. */
  readonly issuance?: true
}

/** Something that must be done along with a permit (AuthZEN Obligations). */
export type Obligation = {
  readonly id: string
  readonly type: string
  readonly properties: Readonly<Record<string, string>>
}

/**
 * Parts that an evaluation leaves out.
 *
 * - `nothing`.
 * - `requestable`: every forbid in `PolicySet.requestable`, and nothing else.
 * - `arguments`: those forbids, and whatever arguments the call may have: the context of the query has no `args`. Permitted
 *   where this could be permitted for some arguments, and perhaps elsewhere; so what is denied is denied for all. An error is
 *   one that every call would meet.
 * - `all_but_requestable`: everything but the forbids in `PolicySet.requestable`, of which those are determining that hold whatever
 *   arguments the call may have: people are asked about each such call. The context has no `args`, and nothing is permitted.
 * - `unseen_arguments`: nothing, and the arguments are not known yet: the context has no `args`. Permitted only where every call is,
 *   without asking people, and no policy whose scope fits looks at arguments, or at what depends on them.
 */
export type Omission =
  | 'nothing'
  | 'requestable'
  | 'arguments'
  | 'all_but_requestable'
  | 'unseen_arguments'

export interface PolicySet {
  readonly version: number
  readonly requestable: ReadonlyMap<string, Requestable>
  /** Obligations by id of a permit. A forbid obliges to nothing. */
  readonly obligations: ReadonlyMap<string, readonly Obligation[]>
  /** Pure and synchronous. May throw: that denies like an error. */
  evaluate(query: PolicyQuery, without: Omission): PolicyAnswer
  /**
   * Writes what the set sees of a context, of calls with unknown arguments, when it is asked about these actions of a resource.
   * Where the text is the same for two contexts, `evaluate` answers alike without `arguments`, and without `all_but_requestable`.
   * Left out: not known.
   */
  seenOf?(context: PolicyRecord, calls: CallableActions): string
}

/** Actions of one resource that are asked about together. */
export interface CallableActions {
  readonly resource: string
  /** Names in the catalog; the same array for the same names, of which something is kept. */
  readonly actions: readonly string[]
}
