import type { OutgoingHttpHeaders } from 'node:http'
import type { Readable, Writable } from 'node:stream'
import type { Dispatcher } from 'undici'
import type { Clock } from '../../../platform/lib/clock.ts'
import type { Problem } from '../../../platform/lib/problem.ts'
import { MINUTE } from '../../../platform/lib/time-units.ts'
import type { AbortReason } from '../../../platform/revocation/index.ts'
import type { Reshape } from '../../../policy/obligations/index.ts'
import type { ReportedAmount } from '../../../tasks/budgets/index.ts'

/** The upstream request, built from the decided call. */
export interface UpstreamRequest {
  method: string
  origin: string
  /** Path and query. */
  target: string
  headers: Readonly<Record<string, string>>
  body: string | Buffer | Readable | undefined
  upstream: string
  identifier: string
  decisionId: string
  /** Values that must not come back: the injected credential, the transaction token. */
  secrets: readonly string[]
}

/**
 * Result of sending a call. `not_sent`: provably no byte reached the upstream. `failed`: bytes were
 * sent and no whole answer came, so that the effect is unknown. `cut`: we ended it. Without
 * `status` the caller has not been told anything yet.
 */
export interface ForwardResult {
  state: 'answered' | 'failed' | 'not_sent'
  status?: number
  latencyMs: number
  digest?: string
  cut?: AbortReason
  problem?: Problem
  /** Status of the API's answer that cannot be told, and the problem that is told instead. */
  withheld?: { readonly status: number; readonly problem: Problem }
  /** Amounts that the answer states, where it is read for them. */
  said?: ReportedAmount
}

/** Receiver of an answer: the caller, or Remit itself. */
export interface AnswerTarget
  extends Pick<Writable, 'write' | 'end' | 'destroy' | 'on' | 'once' | 'off' | 'writableFinished'> {
  writeHead(status: number, headers: OutgoingHttpHeaders): unknown
  flushHeaders(): void
}

export interface ForwardPorts {
  dispatcher: Dispatcher
  clock: Clock
  readonly patience: Timeouts
  /** Last-tick liveness: asked in the tick that writes the first byte. */
  mayStart(): boolean
  /** Finds out whether a call that may not start may after all, before anything is sent. Left out: it may not. */
  readonly startsAgain?: (() => Promise<boolean>) | undefined
  /** Liveness of a call under way: asked before each part of the answer is passed on. */
  mayContinue(): boolean
  /** Finds out whether a call under way that may not continue may after all; its answer waits. Left out: it may not. */
  readonly again?: (() => Promise<boolean>) | undefined
  /**
   * Changes the whole body as policies require, or gives the reason why none of it may be told.
   * Answers stream when this is absent.
   */
  readonly reshape?: Reshape | undefined
  /**
   * True when the answer says how much the call takes of limits, so that it is read while it
   * passes.
   */
  readonly settles?: boolean
  /**
   * Calls back when the running answer has to end, with the reason. Returns a function that stops
   * listening.
   */
  onCut(cut: (reason: AbortReason) => void): () => void
}

/** Time limits of an API in milliseconds: until its answer starts, and between two parts of it. */
export interface Timeouts {
  readonly startsWithin: number
  readonly pausesAtMost: number
}

export const PATIENCE: Timeouts = { startsWithin: 30_000, pausesAtMost: 5 * MINUTE }
