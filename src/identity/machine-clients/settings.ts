/** Settings of machine clients, by kind. */
export interface ClientSettings {
  readonly enforcer: EnforcerSettings
  readonly introspector: IntrospectorSettings
  readonly pep: PepSettings
  /** It may say whatever a signal can say, and has nothing to set. */
  readonly 'signal-source': Readonly<Record<string, never>>
  readonly surface: SurfaceSettings
}

/** Settings of a direct API that asks before it runs a call, or of a service inside the trust domain. It speaks for one resource. */
export interface EnforcerSettings {
  /** Catalog name. */
  readonly resource: string
}

/** Settings of a program that asks about tokens and nothing else. */
export interface IntrospectorSettings {
  /** Catalog names whose tokens it may ask about; `null`: all. */
  readonly resources: readonly string[] | null
}

/**
 * Settings of a chat adapter or application that sees who talks in a space. It alone may say who asks and who is there, for
 * one space and all below it.
 */
export interface SurfaceSettings {
  readonly space: string
  /** Milliseconds. Silent for longer, nothing that it said counts any more. */
  readonly silentAfter: number
}

/** Settings of an enforcement point of others that asks through AuthZEN: what it may ask about, and how it is answered. */
export interface PepSettings {
  /**
   * `task`: calls of tasks, by all gates. `policy-only`: whatever it says, by one set of policies and nothing else. `issuance`: an
   * authorization server, about the tokens that it is to issue.
   */
  readonly mode: 'task' | 'policy-only' | 'issuance'
  /** Name of the policy set, in the mode `policy-only`. */
  readonly policySet: string | null
  /** Settings for the mode `issuance`. */
  readonly issuing: IssuingSettings | null
  /** Catalog names, in the modes `task` and `issuance`; `null`: all. */
  readonly resources: readonly string[] | null
  /** True when `properties` of its requests count. */
  readonly properties: boolean
  /**
   * Trust, in the mode `task`, that the agent of the task it names is the one that calls, without a
   * token and a proof.
   */
  readonly namesTasks: boolean
  /**
   * Right, in the mode `task`, to ask about the call itself (`/v1/calls`) before it runs, where
   * promised amounts are taken.
   */
  readonly takes: boolean
}

/**
 * Settings of an authorization server of others: how it names whom and what it issues tokens for.
 */
export interface IssuingSettings {
  /**
   * Identifier of the server: `sub` of its tokens is that of people known through it, and its
   * clients those linked to agents there.
   */
  readonly issuer: string
  /** Agents that act as its clients and workloads, before those that are linked. */
  readonly parties: readonly IssuingParty[]
  /** Audiences that its tokens are for, beside the identifiers of resources. */
  readonly audiences: readonly IssuingAudience[]
}

export interface IssuingParty {
  readonly type: 'client' | 'workload'
  readonly id: string
  readonly agent: string
}

/** Catalog names behind one audience: of a trust domain, of a peer authorization server, or one by another name. */
export interface IssuingAudience {
  readonly id: string
  readonly resources: readonly string[]
}
