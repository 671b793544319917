import { columns, ModuleTables, table } from '../../platform/storage/index.ts'

const { integer, nullable, text, time } = columns

export const RETENTION_TABLES = new ModuleTables({
  /** Legal holds: what they cover is neither deleted nor erased while they stand. */
  legal_holds: table(
    'kept',
    {
      id: text,
      /** Reference of the matter, such as a case number: no words about people. */
      matter: text,
      person_id: nullable(text),
      agent_id: nullable(text),
      task_id: nullable(text),
      resource: nullable(text),
      from_at: nullable(time),
      until_at: nullable(time),
      set_by: text,
      set_at: time,
      lifted_by: nullable(text),
      lifted_at: nullable(time),
    },
    'ids',
  ),
  /** One row. A deletion by rule names the number of changes of holds that it has looked at. */
  retention_state: table('kept', {
    id: integer,
    holds: integer,
    sweeps: integer,
  }),
  /** State of the present pass over a class, and the count of what went so far. */
  retention_progress: table('kept', {
    class: text,
    cursor_at: integer,
    cursor_id: text,
    began_at: time,
    erased: integer,
    erased_at: nullable(time),
  }),
  /** Erasures of a person's data, which go on until they are done. */
  person_erasures: table(
    'kept',
    {
      id: text,
      person_id: text,
      /** Class that is being erased. */
      class: text,
      cursor_at: integer,
      cursor_id: text,
      asked_by: text,
      asked_at: time,
      erased: integer,
      /** Number that a hold kept. */
      held: integer,
      done_at: nullable(time),
    },
    'ids',
  ),
})
