/** Someone who can be chosen at the development identity provider. `id` becomes `sub`. */
export interface DevPerson {
  readonly id: string
  readonly name: string
  readonly email: string
  /** Values of the `groups` claim. They are the provider's words; Remit maps them to its own groups. */
  readonly groups: readonly string[]
}

/** A client of the development identity provider. Without a secret it is public and its redirect must be loopback. */
export interface DevClient {
  readonly id: string
  readonly secret?: string
  readonly redirectUris: readonly string[]
}
