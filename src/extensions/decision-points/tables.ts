import { columns, ModuleTables, table } from '../../platform/storage/index.ts'

const { flag, integer, json, optionalColumn, sealed, text, time } = columns

export const DECISION_POINT_TABLES = new ModuleTables({
  /** An external AuthZEN decision point whose answer is asked for, too. */
  decision_points: table('kept', {
    name: text,
    url: text,
    /** Header of the credential, lower case. */
    header: optionalColumn(text),
    sealed: optionalColumn(sealed),
    /** Names; empty: all. */
    resources: json,
    actions: json,
    timeout_ms: integer,
    /** 1: it is told the arguments. */
    arguments: flag,
    created_by: text,
    created_at: time,
  }),
})
