/** Rows of people. See `../schema.ts`. */
import type { JsonText, Millis } from './column.ts'

/** people */
export interface PersonRow {
  id: string
  issuer: string
  subject: string
  name: string
  email: string | null
  status: string
  created_at: Millis
  last_seen_at: Millis
  /** Time when the provider issued the newest token that spoke of groups. */
  groups_seen_at: Millis | null
  /** Attributes that are mapped from the provider's claims. */
  attributes: JsonText | null
  /** Time when the provider issued the newest token that spoke of all of them. */
  attributes_seen_at: Millis | null
}

export interface GroupRow {
  name: string
  description: string
  created_at: Millis
}

export interface MembershipRow {
  person_id: string
  group_name: string
  /** `provider` memberships are replaced at each sign-in, `manual` ones are an administrator's. */
  source: string
}

export interface IdentityProviderRow {
  issuer: string
  name: string
  client_id: string
  sealed_secret: Uint8Array | null
  groups_claim: string
  /** 1: signing out there closes the person's tasks here. */
  closes_tasks: number
  /** Separated by spaces. */
  acr_values: string | null
  /** Claims that are mapped to attributes of people. */
  attributes: JsonText | null
  /** Domains of its people's addresses, separated by spaces. */
  domains: string | null
  created_at: Millis
}

/** A provider's group value counts only through a row here. */
export interface GroupMappingRow {
  issuer: string
  value: string
  group_name: string
}

export interface SessionRow {
  digest: string
  person_id: string
  /** `browser` or `cli` */
  kind: string
  auth_time: Millis
  created_at: Millis
  last_seen_at: Millis
  expires_at: Millis
  /** Session at the provider. */
  sid: string | null
  /** Time and method of the person's authentication, where the provider said so. */
  proved_at: Millis | null
  acr: string | null
}

/** A sign-in under way at a provider. */
export interface SignInRow {
  state_digest: string
  issuer: string
  sealed: Uint8Array
  return_to: string
  expires_at: Millis
}

/** One-time codes that hand a CLI its session (PKCE, loopback). */
export interface CliCodeRow {
  digest: string
  person_id: string
  challenge: string
  redirect_uri: string
  auth_time: Millis
  expires_at: Millis
  sid: string | null
}

export interface ConfirmationRow {
  id: string
  person_id: string
  operation: string
  payload_digest: string
  payload: JsonText
  state: string
  created_at: Millis
  expires_at: Millis
  answered_at: Millis | null
  /** Sealed: what the digests of secrets in the payload are keyed with. */
  digest_key: Uint8Array
  meaning: JsonText | null
}
