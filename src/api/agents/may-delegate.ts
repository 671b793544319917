import { Type } from 'typebox'
import { Detail } from '../../operations/schemas.ts'

export const MayDelegate = Type.Union([Type.Array(Detail, { maxItems: 64 }), Type.Null()], {
  description: '`remit_delegate` details: the most it may hand to child tasks; null: what it holds',
})
