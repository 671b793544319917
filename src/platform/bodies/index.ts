/** Bodies of requests, read strictly as what an operation takes; files and bytes wait on disk while their calls are decided. */
export { isBodyCostly } from './costly-body.ts'
export { writeForm, writePairs } from './form.ts'
export {
  type BodyKind,
  bodyReader,
  MAX_BODY_BYTES,
  parseBody,
  parseJsonText,
} from './parse-body.ts'
export { receiveUpload } from './receive.ts'
export { Spool } from './spool.ts'
export type { Upload } from './upload.ts'
