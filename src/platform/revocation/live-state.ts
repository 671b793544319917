import { base64url, sha256 } from '../lib/bytes.ts'

/**
 * Kinds of things that can be revoked. Consent, sponsor grant and connection act through the states
 * that depend on them (contract 8).
 */
export type LiveKind =
  | 'organization'
  | 'person'
  | 'agent'
  | 'space'
  | 'client'
  | 'thread'
  | 'task'
  | 'resource'
  | 'policy'
  | 'key'
  | 'issuer'

export interface LiveKey {
  readonly kind: LiveKind
  readonly id: string
}

/**
 * State of a key. `epoch` grows with every change of the key and never comes back. Only `active`
 * permits; `ended` is final.
 */
export interface LiveState extends LiveKey {
  readonly epoch: number
  readonly state: 'active' | 'suspended' | 'ended'
}

/**
 * States that one call depends on, as they were read. Only `Live.holds` says whether they still are
 * so.
 */
export interface LiveView {
  readonly states: readonly LiveState[]
  /** Token claim `task.ep`: hash of the states that a resource token was minted under. */
  readonly hash: string
  /** States that do not permit. */
  readonly dead: readonly LiveState[]
}

/** The key over everything: suspending it stops the whole deployment. */
export const ORGANIZATION: LiveKey = { kind: 'organization', id: 'organization' }

/** A change that was raised, for `Live.settle` after the commit. */
export interface Change {
  /**
   * Position of its last part; a replica that acknowledged this far has dropped every state that it
   * touches.
   */
  readonly through: number
  readonly states: readonly LiveState[]
}

export function keyText({ kind, id }: LiveKey): string {
  return `${kind}:${id}`
}

/**
 * Views by one of their states: each view is made once and kept as long as its states are the same
 * objects.
 */
const views = new WeakMap<LiveState, View[]>()
/**
 * Maximum of kept views for a state. A task is called at some resources; further views are
 * made each time.
 */
const MAX_VIEWS = 8

export function makeView(states: readonly LiveState[]): LiveView {
  const key = states.find(({ kind }) => kind === 'task') ?? states.at(-1)
  if (!key) return new View(states)
  const known = views.get(key) ?? []
  const same = known.find((view) => isOf(view, states))
  if (same) return same
  const view = new View(states)
  views.set(key, [view, ...known.slice(0, MAX_VIEWS - 1)])
  return view
}

function isOf(view: LiveView, states: readonly LiveState[]): boolean {
  return (
    view.states.length === states.length && view.states.every((state, i) => state === states[i])
  )
}

class View implements LiveView {
  readonly states: readonly LiveState[]
  readonly dead: readonly LiveState[]
  #hash: string | undefined

  constructor(states: readonly LiveState[]) {
    this.states = states
    this.dead = states.every(isActive) ? NONE : states.filter((state) => !isActive(state))
  }

  /** Hash of the epochs. Made when it is read: most views are only asked whether they hold. */
  get hash(): string {
    this.#hash ??= epochsHash(this.states)
    return this.#hash
  }
}

const NONE: readonly LiveState[] = []

function isActive({ state }: LiveState): boolean {
  return state === 'active'
}

/**
 * Kinds that are no part of the hash: first 16 bytes of SHA-256 over the sorted lines
 * `kind:id:epoch`, base64url. The policy version is live state, but not part of it: publishing
 * policies must not end every token (contract 4 lists its parts). Nor is the key that signed a token:
 * the token itself names it. Nor are threads and the surfaces that state them: a person who joins a
 * conversation counts for the next call, and ends no token.
 */
const APART: ReadonlySet<LiveKind> = new Set(['policy', 'client', 'key', 'thread'])

function epochsHash(states: readonly LiveState[]): string {
  const lines = states
    .filter(({ kind }) => !APART.has(kind))
    .map((state) => `${keyText(state)}:${state.epoch}`)
    .sort()
  return base64url(sha256(lines.join('\n')).subarray(0, 16))
}
