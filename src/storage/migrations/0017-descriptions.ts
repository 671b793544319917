import type { Migration } from './migration.ts'

/** What agents that came by themselves say of themselves, and rules for those whose client id is a document. */
export const descriptions: Migration = {
  version: 17,
  name: 'descriptions',
  statements: ({ integer, table, text }) => [
    // The OAuth client id, where that is the address of a metadata document.
    `ALTER TABLE agents ADD COLUMN client_url ${text}`,
    'CREATE UNIQUE INDEX agents_by_client_url ON agents (client_url) WHERE client_url IS NOT NULL',
    // As it was when somebody let it in, or when its document was last found to be another.
    table(
      'agent_descriptions',
      `agent_id ${text} NOT NULL PRIMARY KEY, client_name ${text} NOT NULL, redirect_uris ${text} NOT NULL,
       methods ${text} NOT NULL, keys ${text} NOT NULL, jwks ${text}, jwks_uri ${text}, digest ${text} NOT NULL,
       noticed_at ${integer} NOT NULL, changed_at ${integer}`,
    ),
    `ALTER TABLE authorizations ADD COLUMN proves ${text}`,
    // The same table without a list of modes in it, which the types say.
    table(
      'rules_of_admission',
      `name ${text} NOT NULL PRIMARY KEY, mode ${text} NOT NULL, redirect_hosts ${text} NOT NULL,
       document_hosts ${text} NOT NULL DEFAULT '[]', software_ids ${text} NOT NULL DEFAULT '[]',
       key_change ${text} NOT NULL DEFAULT 'ask' CHECK (key_change IN ('accept', 'ask', 'suspend')),
       trust ${integer} NOT NULL CHECK (trust BETWEEN 0 AND 3), ceiling ${text} NOT NULL, may_delegate ${text},
       owner_id ${text} NOT NULL, created_by ${text} NOT NULL, created_at ${integer} NOT NULL`,
    ),
    `INSERT INTO rules_of_admission
       (name, mode, redirect_hosts, trust, ceiling, may_delegate, owner_id, created_by, created_at)
       SELECT name, mode, redirect_hosts, trust, ceiling, may_delegate, owner_id, created_by, created_at
       FROM admission_rules`,
    'DROP TABLE admission_rules',
    'ALTER TABLE rules_of_admission RENAME TO admission_rules',
  ],
}
