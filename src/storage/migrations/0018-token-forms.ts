import type { Migration } from './migration.ts'

/**
 * What resource tokens of a resource look like, and whom they name; and handles that are bound to a key. Handles are stored
 * beside bearer tokens, which have no key.
 */
export const tokenForms: Migration = {
  version: 18,
  name: 'token-forms',
  statements: () => [
    `ALTER TABLE resources ADD COLUMN token_form TEXT NOT NULL DEFAULT 'jwt'`,
    `ALTER TABLE resources ADD COLUMN subjects TEXT NOT NULL DEFAULT 'public'`,
    'ALTER TABLE bearer_tokens ADD COLUMN thumbprint TEXT',
    'ALTER TABLE bearer_tokens ADD COLUMN scope TEXT',
  ],
}
