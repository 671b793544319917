import type { Migration } from './migration.ts'

/** How people proved who they are, what that has to be for some acts, and what providers say of them beside groups. */
export const proofs: Migration = {
  version: 30,
  name: 'proofs',
  statements: ({ integer, text }) => [
    `ALTER TABLE sessions ADD COLUMN proved_at ${integer}`,
    `ALTER TABLE sessions ADD COLUMN acr ${text}`,
    `ALTER TABLE consent_requests ADD COLUMN acr ${text}`,
    `ALTER TABLE authorizations ADD COLUMN acr ${text}`,
    `ALTER TABLE authorizations ADD COLUMN step_up ${text}`,
    `ALTER TABLE identity_providers ADD COLUMN attributes ${text}`,
    `ALTER TABLE identity_providers ADD COLUMN domains ${text}`,
    `ALTER TABLE persons ADD COLUMN attributes ${text}`,
    `ALTER TABLE persons ADD COLUMN attributes_seen_at ${integer}`,
  ],
}
