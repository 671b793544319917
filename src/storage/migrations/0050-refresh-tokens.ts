import type { Migration } from './migration.ts'

/** Refresh tokens that stay the same, and what a used one was exchanged for, until that was used. */
export const refreshTokens: Migration = {
  version: 50,
  name: 'refresh tokens',
  statements: ({ bytes, text }) => [
    `ALTER TABLE refresh_tokens ADD COLUMN bound_to ${text} NOT NULL DEFAULT 'key' CHECK (bound_to IN ('client', 'key'))`,
    `ALTER TABLE refresh_tokens ADD COLUMN successor ${bytes}`,
    // Kept for seconds.
    'DROP TABLE refresh_answers',
  ],
}
