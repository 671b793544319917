import {
  bytes,
  flag,
  integer,
  json,
  nullable,
  optionalColumn,
  sealed,
  text,
  time,
} from './column.ts'

export const people = {
  persons: {
    id: text,
    issuer: text,
    subject: text,
    name: text,
    email: optionalColumn(text),
    status: text,
    created_at: time,
    last_seen_at: time,
    /** Time when the provider issued the newest token that spoke of groups. */
    groups_seen_at: nullable(time),
    /** Attributes that are mapped from the provider's claims. */
    attributes: nullable(json),
    /** Time when the provider issued the newest token that spoke of all of them. */
    attributes_seen_at: nullable(time),
  },
  groups: {
    name: text,
    description: text,
    created_at: time,
  },
  memberships: {
    person_id: text,
    group_name: text,
    /** `provider` memberships are replaced at each sign-in, `manual` ones are an administrator's. */
    source: text,
  },
  /** People who answer for another person who is away. */
  stand_ins: {
    id: text,
    /** Person who is away. */
    person_id: text,
    stand_in_id: text,
    starts_at: time,
    ends_at: time,
    created_at: time,
    /** Time when it was ended before its end, and by whom. */
    ended_at: nullable(time),
    ended_by: nullable(text),
  },
  identity_providers: {
    issuer: text,
    name: text,
    client_id: text,
    sealed_secret: nullable(sealed),
    groups_claim: text,
    /** 1: signing out there closes the person's tasks here. */
    closes_tasks: flag,
    /** Separated by spaces. */
    acr_values: nullable(text),
    /** Claims that are mapped to attributes of people. */
    attributes: nullable(json),
    /** Domains of its people's addresses, separated by spaces. */
    domains: nullable(text),
    created_at: time,
  },
  /** A provider's group value counts only through a row here. */
  group_mappings: {
    issuer: text,
    value: text,
    group_name: text,
  },
  sessions: {
    digest: text,
    person_id: text,
    /** `browser` or `cli` */
    kind: text,
    auth_time: time,
    created_at: time,
    last_seen_at: time,
    expires_at: time,
    /** Session at the provider. */
    sid: nullable(text),
    /** Time and method of the person's authentication, where the provider said so. */
    proved_at: nullable(time),
    acr: nullable(text),
  },
  /** A sign-in under way at a provider. */
  sign_ins: {
    state_digest: text,
    issuer: text,
    sealed,
    return_to: text,
    expires_at: time,
  },
  /** One-time codes that hand a CLI its session (PKCE, loopback). */
  cli_codes: {
    digest: text,
    person_id: text,
    challenge: text,
    redirect_uri: text,
    auth_time: time,
    expires_at: time,
    sid: nullable(text),
  },
  confirmations: {
    id: text,
    person_id: text,
    operation: text,
    payload_digest: text,
    /** JSON. */
    payload: text,
    state: text,
    created_at: time,
    expires_at: time,
    answered_at: nullable(time),
    /** Sealed: what the digests of secrets in the payload are keyed with. */
    digest_key: sealed,
    meaning: nullable(json),
  },
  passkeys: {
    id: text,
    person_id: text,
    /** Base64url. */
    credential_id: text,
    /** COSE_Key. */
    public_key: bytes,
    counter: integer,
    name: text,
    /** Separated by spaces. */
    transports: text,
    created_at: time,
    last_used_at: nullable(time),
    removed_at: nullable(time),
  },
  /** Permissions of administrators for a new first passkey. */
  passkey_recoveries: {
    id: text,
    person_id: text,
    permitted_by: text,
    created_at: time,
    usable_from: time,
    expires_at: time,
    ended_at: nullable(time),
  },
}
