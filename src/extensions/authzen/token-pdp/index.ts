/** Questions of other authorization servers: whether a token of theirs should be issued, and what it should say. */
export { IssuanceAnswerer } from './issuance-answering.ts'
export type {
  AskedParty,
  IssuanceAnswer,
  IssuanceQuestion,
  IssuanceRequest,
  TokenShape,
  Tuple,
} from './question.ts'
