import type { Migration } from './migration.ts'

/** Identity assertions across organizations: for whom those of an issuer speak, and which servers get some of ours. */
export const assertions: Migration = {
  version: 21,
  name: 'assertions',
  statements: ({ text }) => [
    `ALTER TABLE trusted_issuers ADD COLUMN people ${text}`,
    `ALTER TABLE trusted_issuers ADD COLUMN peer ${text}`,
  ],
}
