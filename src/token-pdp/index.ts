/** Questions of other authorization servers: whether a token of theirs should be issued, and what it should say. */
export { IssuanceAnswering } from './issuance-answering.ts'
export type {
  AskedParty,
  IssuanceAnswer,
  IssuanceQuestion,
  IssuanceRequest,
  Shaping,
  Tuple,
} from './question.ts'
