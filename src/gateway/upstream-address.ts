import type { Resource } from '../catalog/index.ts'

/** Address of a resource's API, taken apart. */
export interface UpstreamAddress {
  readonly upstream: string
  readonly origin: string
  /** Path that stands before every path of the API: none for its root. */
  readonly base: string
}

/** Addresses by the resource as the catalog has it: that is a new object whenever it changed. */
const known = new WeakMap<Pick<Resource, 'upstream'>, UpstreamAddress>()

export function upstreamAddress(resource: Pick<Resource, 'upstream'>): UpstreamAddress {
  const before = known.get(resource)
  if (before?.upstream === resource.upstream) return before
  const { origin, pathname } = new URL(resource.upstream)
  const { upstream } = resource
  const address = { upstream, origin, base: pathname === '/' ? '' : pathname }
  known.set(resource, address)
  return address
}
