import { MINUTE } from '../../platform/lib/time-units.ts'

/** Rights of a machine client, each at endpoints of its own. */
export type ClientRight =
  /** Asks whether a call to its API may run, and reports what became of it (`/v1/calls`). */
  | 'calls'
  /** Asks for decisions through AuthZEN, and has people asked (`/access/v1`). */
  | 'evaluations'
  /** Asks about tokens (RFC 7662). */
  | 'introspection'
  /** Raises risk signals (`/v1/risk-signals`). */
  | 'signals'
  /** States who is in a conversation (`/v1/spaces/…/threads`). */
  | 'threads'
  /** Replaces a transaction token, to pass a call on. */
  | 'transactions'

interface KindRules {
  /** Prefix of its secrets: people and leak scanners see what a secret is for. */
  readonly prefix: string
  readonly may: readonly ClientRight[]
  /** True when its settings can be changed; else another client takes its place. */
  readonly changeable: boolean
  /** Interval at which its last use is written, in milliseconds; 0: each use is durable before it counts. */
  readonly touchEveryMs: number
}

/**
 * Kinds of machine clients, and what each may do. None is an agent: it opens no task and makes no call.
 */
export const CLIENT_KINDS = {
  enforcer: {
    prefix: 'enf_',
    may: ['calls', 'introspection', 'transactions'],
    changeable: false,
    touchEveryMs: MINUTE,
  },
  introspector: {
    prefix: 'int_',
    may: ['introspection'],
    changeable: true,
    touchEveryMs: MINUTE,
  },
  pep: {
    prefix: 'pep_',
    may: ['evaluations', 'introspection'],
    changeable: true,
    touchEveryMs: MINUTE,
  },
  'signal-source': {
    prefix: 'sgs_',
    may: ['signals'],
    changeable: false,
    touchEveryMs: MINUTE,
  },
  // What it states counts only while it is heard of.
  surface: { prefix: 'srf_', may: ['threads'], changeable: false, touchEveryMs: 0 },
} as const satisfies Readonly<Record<string, KindRules>>

export type ClientKind = keyof typeof CLIENT_KINDS

/** Kinds that have a right. */
export type KindWith<R extends ClientRight> = {
  [K in ClientKind]: R extends (typeof CLIENT_KINDS)[K]['may'][number] ? K : never
}[ClientKind]

export function kindRules(kind: ClientKind): KindRules {
  return CLIENT_KINDS[kind]
}
