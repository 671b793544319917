/** Answer of the operation `decisions.explain`: what everyone may see, and what only administrators get. */
export interface ExplanationJson {
  readonly id: string
  readonly at: string
  readonly outcome: 'permit' | 'deny' | 'requestable' | 'challenged'
  readonly reason: string
  readonly detail?: string
  readonly enough?: string
  readonly task: string | null
  readonly agent: string | null
  readonly person: string | null
  readonly resource: string | null
  readonly action: string | null
  readonly request: string | null
  /** The standing answer that lifted what stood in the way. */
  readonly allowance?: string | null
  readonly state: string
  readonly status: number | null
  readonly ended_at: string | null
  /** What was recorded before the true outcome was known. */
  readonly presumed?: { readonly state: string; readonly at: string }
  /** What it turned out to take of limits on answers. */
  readonly settled?: readonly {
    readonly limit: string
    readonly reserved: string
    readonly amount: string
    readonly by: string
  }[]
  readonly hints: readonly string[]
  readonly approval_would_help: boolean
  readonly gates: readonly ExplainedGateJson[]
  readonly risk?: WeighedRisk
  readonly person_name?: string | null
  readonly call_hash?: string | null
  readonly policy_version?: number | null
  readonly ask?: {
    readonly approvers: readonly (readonly string[])[]
    readonly quorum: number
    readonly prompts?: readonly string[]
  }
}

/** How unusual the call was. Points and score are for administrators. */
export interface WeighedRisk {
  readonly class: string
  readonly score?: number
  readonly signals: readonly {
    readonly signal: string
    readonly says: string
    readonly points?: number
  }[]
}

export interface ExplainedGateJson {
  readonly gate: string
  readonly passed: boolean
  readonly reason?: string
  readonly detail?: string
  readonly enough?: string
  readonly subject?: string
  readonly note?: string
  readonly policies?: readonly RuleJson[]
  readonly nearest?: readonly RuleJson[]
}

export interface RuleJson {
  readonly id: string
  readonly text: string
  readonly file?: string
  readonly line: number
  /** Of a link: where it is. `file` and `line` are those of its template. */
  readonly link?: { readonly file?: string; readonly line: number }
  readonly description?: string
  readonly advice?: string
  readonly why: readonly string[]
}
