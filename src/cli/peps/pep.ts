/** An enforcement point, as the API tells it. */
export interface PepJson {
  readonly name: string
  readonly mode: 'task' | 'policy-only' | 'issuance'
  readonly issuing: {
    readonly issuer: string
    readonly parties: readonly {
      readonly type: string
      readonly id: string
      readonly agent: string
    }[]
    readonly audiences: readonly { readonly id: string; readonly resources: readonly string[] }[]
  } | null
  readonly policy_set: string | null
  readonly resources: readonly string[] | null
  readonly properties: boolean
  readonly names_tasks: boolean
  readonly takes: boolean
  readonly last_used_at: string | null
  readonly revoked_at: string | null
}

export interface PepCredentialJson {
  readonly id: string
  readonly kind: 'secret' | 'key'
  readonly kid: string | null
  readonly thumbprint: string | null
  readonly created_at: string
  readonly ended_at: string | null
}

/** What it is answered about, and what of it is believed. */
export function settingsInWords(pep: PepJson): string {
  return [
    aboutInWords(pep),
    ...(pep.properties ? ['properties of its requests count'] : []),
    ...(pep.names_tasks ? ['it is believed about who calls'] : []),
    ...(pep.takes ? ['it asks /v1/calls before a call runs'] : []),
  ].join('; ')
}

function aboutInWords({ issuing, mode, policy_set, resources }: PepJson): string {
  const about = resources?.join(', ') ?? 'every resource'
  if (mode === 'policy-only') return `answered by the policy set ${policy_set}`
  if (!issuing) return `asks about calls of tasks to ${about}`
  const { audiences, issuer, parties } = issuing
  return [
    `${issuer} asks before it issues tokens for ${about}`,
    ...parties.map(({ agent, id, type }) => `the ${type} ${id} is ${agent}`),
    ...audiences.map(({ id, resources: behind }) => `${id} is ${behind.join(', ')}`),
  ].join('; ')
}
