import { asWritten } from '../../platform/lib/canonical-in-steps.ts'
import { type Canonical, canonicalJson, domainHash } from '../../platform/lib/canonical-json.ts'
import { isObject, parseJson } from '../../platform/lib/json.ts'

/**
 * A call as it is shown, hashed and sent: who acts, where it goes, what it means, and everything sent that the agent
 * can influence, typed or not (contract 6). Anything that is not in here cannot differ between the page that a person saw and the call that runs.
 */
export interface FrozenCall {
  readonly person: string
  /** Ids of the agents, current one first. */
  readonly chain: readonly string[]
  readonly task: string
  /** Catalog name. */
  readonly resource: string
  /** Address that the bytes go to. */
  readonly upstream: string
  /** Digest of the action's definition: another definition is another call. */
  readonly definition: string
  readonly action: string
  readonly method: string
  /** Path as it is sent upstream. */
  readonly path: string
  readonly query: readonly (readonly [string, string])[]
  /** Only those that are forwarded, lower-case names, in the order they are sent. */
  readonly headers: readonly (readonly [string, string])[]
  readonly body: FrozenBody
}

/** Said apart, so that a JSON body can never pass for the digest of another one. */
export type FrozenBody =
  | { readonly kind: 'none' }
  | { readonly kind: 'json'; readonly value: Canonical }
  | { readonly kind: 'digest'; readonly digest: string }

function members(call: FrozenCall): { readonly [name: string]: Canonical } {
  const { kind } = call.body
  return {
    person: call.person,
    chain: call.chain,
    task: call.task,
    resource: call.resource,
    upstream: call.upstream,
    definition: call.definition,
    action: call.action,
    method: call.method,
    path: call.path,
    query: call.query,
    headers: call.headers,
    body:
      call.body.kind === 'json'
        ? { kind, value: asWritten(call.body.value) }
        : call.body.kind === 'digest'
          ? { kind, digest: call.body.digest }
          : { kind },
  }
}

/** The bytes that are stored and displayed: RFC 8785. */
export function frozenText(call: FrozenCall): string {
  return canonicalJson(members(call))
}

/**
 * Reads what `frozenText` wrote; numbers keep their text. INVARIANT: a text that is read writes and
 * hashes to the same bytes again, or it is not read.
 */
export function readFrozen(text: string): FrozenCall {
  const members = parseJson(text, { bytes: Number.MAX_SAFE_INTEGER })
  const body = isObject(members) ? members.get('body') : undefined
  const call = {
    ...(Object.fromEntries(isObject(members) ? members : []) as unknown as FrozenCall), // as: members of `frozenText`
    body: Object.fromEntries(isObject(body) ? body : []) as FrozenBody, // as: likewise
  }
  if (frozenText(call) !== text) throw new Error('a frozen call reads as another one')
  return call
}

/** Hash that the retry must reproduce, and that access requests attach to. */
export function callHash(call: FrozenCall): string {
  return domainHash('remit/call/v1', members(call))
}
