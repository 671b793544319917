/** Messages between the process that was started and those that serve. */
export type ToParent =
  /** It serves. */
  | { readonly kind: 'ready' }
  /** Its event loop turns. */
  | { readonly kind: 'alive' }
  /** Its metrics, as Prometheus reads them; absent: they could not be collected. */
  | { readonly kind: 'metrics'; readonly id: number; readonly text?: string | undefined }

export type ToChild = { readonly kind: 'stop' } | { readonly kind: 'metrics'; readonly id: number }

/** Time between two signs of life of a process, in milliseconds. */
export const HEARTBEAT_EVERY_MS = 1_000

/** Variables in the environment of a process that serves. */
export const VARIABLES = {
  number: 'SERVING_PROCESS',
  /** Socket of the process that writes, where the store is a file. */
  writer: 'SERVING_WRITER',
  /** Clock as the process that writes followed it, and the time since this machine had started, in ms. */
  clock: 'SERVING_CLOCK',
  /** Set for the first process of a start. */
  first: 'SERVING_FIRST',
} as const
