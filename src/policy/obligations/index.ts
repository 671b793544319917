export {
  MAX_RESHAPED,
  RESHAPING,
  type Reshape,
  reshapeFor,
} from './reshape.ts'
export { admitsJson, isJsonType, obligedHeaders, reshapeBody, withheld } from './reshape-body.ts'
export { reshapeResult } from './reshape-result.ts'
