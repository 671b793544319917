import type { Migration } from './migration.ts'

/** What a confirmation means, and the key that digests its secrets, sealed. One that was asked for before has none, and cannot be used. */
export const confirmedSecrets: Migration = {
  version: 44,
  name: 'confirmed-secrets',
  statements: ({ bytes, text }) => [
    `ALTER TABLE confirmations ADD COLUMN digest_key ${bytes}`,
    // What it would do, in words and differences, for the page.
    `ALTER TABLE confirmations ADD COLUMN meaning ${text}`,
  ],
}
