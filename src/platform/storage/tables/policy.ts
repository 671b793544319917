import { integer, json, text, time } from './column.ts'

export const policy = {
  policy_sets: {
    version: integer,
    text: text,
    schema_text: text,
    digest: text,
    note: text,
    published_by: text,
    published_at: time,
    /** The files that the text was put together from: name and first line of each. */
    files: json,
    /** Tests of the policy set: files of cases. */
    tests: json,
  },
}
