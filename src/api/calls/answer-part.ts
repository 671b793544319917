import { Type } from 'typebox'

/** A part of an answer that says how much a call takes of limits. */
export const AnswerPart = Type.Object({
  limit: Type.Enum(['charged', 'rows'], {
    description: '`charged`: numbers, added up. `rows`: lists, by how many items they have',
  }),
  path: Type.String({
    description: 'JSON Pointer into the answer; `*` is every item or member',
    maxLength: 256,
  }),
})
