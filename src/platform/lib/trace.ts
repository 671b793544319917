import { AsyncLocalStorage } from 'node:async_hooks'

/** Trace of a request. Only the few requests that are traced have one. */
export interface ActiveTrace {
  /** 32 hexadecimal digits. */
  readonly id: string
  /** Headers with which a request to others belongs to this trace (W3C Trace Context). */
  readonly headers: Readonly<Record<string, string>>
  /** Adds an attribute to the span of the request. Never a secret, an argument, or anything about a person. */
  note(name: string, value: string): void
  /** Runs a part of the work as a span of its own. */
  step<T>(name: string, work: () => T): T
}

const active = new AsyncLocalStorage<ActiveTrace | undefined>()

/** Runs `work`, and all that it starts, within a trace, or within none. */
export function withinTrace<T>(trace: ActiveTrace | undefined, work: () => T): T {
  return active.run(trace, work)
}

/** Finds the trace that the caller works for; none where nothing is traced. */
export function activeTrace(): ActiveTrace | undefined {
  return active.getStore()
}

/** Members of a log line that lead to the trace, as OpenTelemetry names them in logs. */
export function traceMembers(trace = activeTrace()): { readonly trace_id?: string } {
  return trace ? { trace_id: trace.id } : {}
}
