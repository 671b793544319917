/** An agent as the management API shows it. */
export interface AgentJson {
  readonly id: string
  readonly name: string
  readonly description: string
  readonly owner: string
  readonly owner_name: string | null
  readonly trust: number
  readonly status: string
  readonly ceiling: readonly Detail[]
  readonly created_at: string
  /** The admission rule, empty for none, of one that registered itself; else null. */
  readonly admission: string | null
  readonly notify_at: string | null
  readonly origin: string
  readonly vouched_by: string
  readonly client_url: string | null
  /** Why it stopped by itself. */
  readonly suspended_for: string | null
  readonly recertify_by: string | null
  readonly recertify_days: number | null
}

/** With its keys and clients. */
export interface ShownAgent extends AgentJson {
  readonly keys: readonly {
    readonly thumbprint: string
    readonly kid: string
    readonly created_at: string
    readonly revoked: boolean
  }[]
  readonly clients: readonly { readonly issuer: string; readonly client_id: string }[]
  /** Of one that came by itself. */
  readonly described: {
    readonly redirect_hosts: readonly string[]
    readonly methods: readonly string[]
    readonly keys: readonly string[]
    readonly noticed_at: string
    readonly changed_at: string | null
  } | null
}

/** Contract 2. */
export interface Detail {
  readonly type: 'remit_call' | 'remit_delegate'
  readonly locations: readonly string[]
  readonly actions: readonly string[]
  readonly bounds: readonly {
    readonly path: string
    readonly op: 'eq' | 'in' | 'lte' | 'gte' | 'prefix'
    readonly value: string | readonly string[]
  }[]
}

export const TRUST = ['quarantined', 'external', 'partner', 'internal'] as const

export function trustInWords(level: number): string {
  return `${level} (${TRUST[level] ?? 'unknown'})`
}
