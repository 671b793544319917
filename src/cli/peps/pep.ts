/** An enforcement point, as the API tells it. */
export interface Pep {
  readonly name: string
  readonly mode: 'task' | 'policy-only'
  readonly policy_set: string | null
  readonly resources: readonly string[] | null
  readonly properties: boolean
  readonly names_tasks: boolean
  readonly takes: boolean
  readonly last_used_at: string | null
  readonly revoked_at: string | null
}

export interface Credential {
  readonly id: string
  readonly kind: 'secret' | 'key'
  readonly kid: string | null
  readonly thumbprint: string | null
  readonly created_at: string
  readonly ended_at: string | null
}

/** What it is answered about, and what of it is believed. */
export function settingsInWords(pep: Pep): string {
  const about =
    pep.mode === 'policy-only'
      ? `answered by the policy set ${pep.policy_set}`
      : `asks about calls of tasks to ${pep.resources?.join(', ') ?? 'every resource'}`
  return [
    about,
    ...(pep.properties ? ['properties of its requests count'] : []),
    ...(pep.names_tasks ? ['it is believed about who calls'] : []),
    ...(pep.takes ? ['it asks /v1/calls before a call runs'] : []),
  ].join('; ')
}
