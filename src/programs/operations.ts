import { OPERATIONS as CENTRE, type Operation } from '../console/api/index.ts'
import type { SignedAct } from '../console/operation-kit/operation.ts'
import type { Module } from '../extensions/module.ts'
import type { ModuleOperation } from './modules.ts'

/** Every operation, with its route and types: clients are typed by it. */
export type AnyOperation = (typeof CENTRE)[number] | ModuleOperation

/** Lists the operations of the centre and of these modules. */
export async function operationsOf(
  modules: readonly Module[],
): Promise<readonly Operation<never>[]> {
  const own = await Promise.all(modules.map(({ operations }) => operations?.() ?? []))
  return [...CENTRE, ...own.flat()]
}

/** Operations by id, with the act that `REMIT_PASSKEYS_FOR` calls each. */
export function signedOperations(
  operations: readonly Operation<never>[],
): ReadonlyMap<string, SignedAct | undefined> {
  return new Map(operations.map(({ id, signedAs }) => [id, signedAs]))
}
