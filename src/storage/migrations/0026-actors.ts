import type { Migration } from './migration.ts'

/** Who acted elsewhere before our agents did, and how many people an issuer may bring. */
export const actors: Migration = {
  version: 26,
  name: 'actors',
  statements: ({ integer, text }) => [
    `ALTER TABLE tasks ADD COLUMN actors ${text} NOT NULL DEFAULT '[]'`,
    `ALTER TABLE consent_requests ADD COLUMN actors ${text} NOT NULL DEFAULT '[]'`,
    // `people_brought`: ever; the last two: since when the hour counts, and how many in it.
    `ALTER TABLE trusted_issuers ADD COLUMN most_people ${integer} NOT NULL DEFAULT 10000 CHECK (most_people >= 0)`,
    `ALTER TABLE trusted_issuers ADD COLUMN people_an_hour ${integer} NOT NULL DEFAULT 1000 CHECK (people_an_hour >= 0)`,
    `ALTER TABLE trusted_issuers ADD COLUMN people_brought ${integer} NOT NULL DEFAULT 0`,
    `ALTER TABLE trusted_issuers ADD COLUMN hour_began ${integer} NOT NULL DEFAULT 0`,
    `ALTER TABLE trusted_issuers ADD COLUMN hour_people ${integer} NOT NULL DEFAULT 0`,
  ],
}
