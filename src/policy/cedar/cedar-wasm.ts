import { createRequire } from 'node:module'

export type CedarWasm = typeof import('@cedar-policy/cedar-wasm/nodejs')

let loaded: CedarWasm | undefined

/** The official tools, loaded when they are first needed: a server that decides by compiled policies leaves them to a thread. */
export function cedarWasm(): CedarWasm {
  loaded ??= createRequire(import.meta.url)('@cedar-policy/cedar-wasm/nodejs') as CedarWasm // as: what the package says it is
  return loaded
}
