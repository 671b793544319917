/** Answer of the operation `decisions.explain`: what everyone may see, and what only administrators get. */
export interface Explanation {
  readonly id: string
  readonly at: string | number
  readonly outcome: 'permit' | 'deny' | 'requestable'
  readonly reason: string
  readonly detail?: string
  readonly enough?: string
  readonly taskId: string | null
  readonly agentId: string | null
  readonly resource: string | null
  readonly action: string | null
  readonly requestId: string | null
  readonly state: string
  readonly status: number | null
  readonly endedAt: string | number | null
  readonly gates: readonly ExplainedGate[]
  readonly personId?: string | null
  readonly callHash?: string | null
  readonly policyVersion?: number | null
  readonly ask?: {
    readonly approvers: readonly (readonly string[])[]
    readonly quorum: number
    readonly prompts?: readonly string[]
  }
}

export interface ExplainedGate {
  readonly gate: string
  readonly passed: boolean
  readonly reason?: string
  readonly detail?: string
  readonly enough?: string
  readonly subject?: string
  readonly note?: string
  readonly policies?: readonly Rule[]
  readonly nearest?: readonly Rule[]
}

export interface Rule {
  readonly id: string
  readonly text: string
  readonly line: number
}
