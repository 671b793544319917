import type { Resource } from '../../catalog/catalog/index.ts'
import type { ArrivedRequest } from '../../platform/http/index.ts'
import type { StrictRequest } from './strict-request.ts'

/** Knowledge of a request after each step of its arrival. Values are added, never changed. */
export interface ParsedRequest extends ArrivedRequest {
  request: StrictRequest
}

/** A request that is meant for this resource and carries a credential of some kind. */
export interface LocatedRequest extends ParsedRequest {
  resource: Resource
  /** Group at whose address the request came; absent: the address is the resource's own. */
  audience?: Resource
  /** Segments behind the resource's name, decoded. */
  segments: readonly string[]
}
