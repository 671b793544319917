import type { Statements } from '../portable-sql.ts'

/** Tables of retention: rules, holds and erasures. */
export const retention: Statements = ({ integer, table, text }) => [
  table(
    'legal_holds',
    `id ${text} NOT NULL PRIMARY KEY, matter ${text} NOT NULL, person_id ${text},
     agent_id ${text}, task_id ${text}, resource ${text}, from_at ${integer}, until_at ${integer},
     set_by ${text} NOT NULL, set_at ${integer} NOT NULL, lifted_by ${text}, lifted_at ${integer},
     CHECK ((lifted_by IS NULL) = (lifted_at IS NULL))`,
  ),
  table(
    'retention_state',
    `id ${integer} NOT NULL PRIMARY KEY CHECK (id = 1), holds ${integer} NOT NULL,
     sweeps ${integer} NOT NULL`,
  ),
  table(
    'retention_progress',
    `class ${text} NOT NULL PRIMARY KEY, cursor_at ${integer} NOT NULL, cursor_id ${text} NOT NULL,
     began_at ${integer} NOT NULL, erased ${integer} NOT NULL, erased_at ${integer}`,
  ),
  table(
    'person_erasures',
    `id ${text} NOT NULL PRIMARY KEY, person_id ${text} NOT NULL, class ${text} NOT NULL,
     cursor_at ${integer} NOT NULL, cursor_id ${text} NOT NULL, asked_by ${text} NOT NULL,
     asked_at ${integer} NOT NULL, erased ${integer} NOT NULL, held ${integer} NOT NULL,
     done_at ${integer}`,
  ),
]
