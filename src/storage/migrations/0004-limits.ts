import type { Migration } from './migration.ts'

/**
 * Budgets of tasks become one kind of limit among others: standing limits of people, agents, spaces and everything are
 * counted by the same rows, and any of them may be about a length of time.
 */
export const limits: Migration = {
  version: 4,
  name: 'limits',
  statements: ({ integer, table, text }) => [
    // Whose it is says `owner`: a task, or a standing limit. How much there may be is not here: everyone takes from these
    // rows, and nobody who changes a limit has to wait for them.
    table(
      'limit_counts',
      `owner ${text} NOT NULL, name ${text} NOT NULL,
       used ${integer} NOT NULL CHECK (used >= 0), window_ms ${integer} CHECK (window_ms > 0),
       swept_to ${integer} NOT NULL, PRIMARY KEY (owner, name)`,
    ),
    table(
      'limit_uses',
      `decision_id ${text} NOT NULL, owner ${text} NOT NULL, name ${text} NOT NULL, amount ${integer} NOT NULL,
       at ${integer}, PRIMARY KEY (decision_id, owner, name)`,
    ),
    'CREATE INDEX limit_uses_in_window ON limit_uses (owner, name, at) WHERE at IS NOT NULL',
    `INSERT INTO limit_counts (owner, name, used, window_ms, swept_to)
       SELECT task_id, name, used, NULL, 0 FROM budgets`,
    `INSERT INTO limit_uses (decision_id, owner, name, amount, at)
       SELECT decision_id, task_id, name, amount, NULL FROM budget_uses`,
    'DROP TABLE budget_uses',
    'DROP TABLE budgets',
    table(
      'limits',
      `id ${text} NOT NULL PRIMARY KEY,
       subject_kind ${text} NOT NULL CHECK (subject_kind IN ('organization', 'person', 'agent', 'space')),
       subject_id ${text} NOT NULL, each_task ${integer} NOT NULL CHECK (each_task IN (0, 1)), name ${text} NOT NULL,
       terms ${text} NOT NULL, created_at ${integer} NOT NULL, changed_at ${integer} NOT NULL,
       changed_by ${text} NOT NULL, UNIQUE (subject_kind, subject_id, each_task, name)`,
    ),
  ],
}
