import { setImmediate as turn } from 'node:timers/promises'
import type { PolicySet } from '@remit/engine'
import { type ParsedPolicy, parseInWorker, parsePolicies } from '../cedar/index.ts'
import { asProblem, SetCompiler } from './compiled-set.ts'
import { actionSchemasInSteps } from './schema.ts'
import { WasmSetLoader } from './wasm/wasm-set.ts'

/** Engines that can evaluate policies: our own compiled form, and the official engine. */
export const POLICY_ENGINES = ['compiled', 'cedar-wasm'] as const
export type PolicyEngine = (typeof POLICY_ENGINES)[number]

/** A published text, with a text of `schemaFor`. */
export interface SetSource {
  readonly version: number
  readonly text: string
  readonly schema: string
}

/**
 * A published set, ready to evaluate. The text was validated when it was published; whatever does not load here all the same
 * makes the whole set unusable. Parses in this thread.
 * @throws Problem `policy.invalid`
 */
export function loadPolicySet(source: SetSource, engine: PolicyEngine = 'compiled'): PolicySet {
  return compile(parsePolicies(source.text), source, engine)
}

/** Loads a set from policies that are parsed already. */
export function compile(
  policies: readonly ParsedPolicy[],
  source: Omit<SetSource, 'text'>,
  engine: PolicyEngine = 'compiled',
): PolicySet {
  try {
    const loader = loaderFor(engine)
    for (const policy of policies) loader.add(policy)
    return loader.finish(source)
  } catch (error) {
    throw asProblem(error)
  }
}

/** Policies that are compiled before others get their turn: about a millisecond. */
const AT_ONCE = 20

/** Loads a set, parsed in a thread and compiled in pieces: other work goes on. */
export async function loadWithWorker(source: SetSource, engine: PolicyEngine): Promise<PolicySet> {
  const policies = await parseInWorker(source.text)
  try {
    const loader = loaderFor(engine)
    for (const [i, policy] of policies.entries()) {
      if (i > 0 && i % AT_ONCE === 0) await turn()
      loader.add(policy)
    }
    return loader.finish(source, await actionSchemasInSteps(source.schema))
  } catch (error) {
    throw asProblem(error)
  }
}

function loaderFor(engine: PolicyEngine) {
  return engine === 'compiled' ? new SetCompiler() : new WasmSetLoader()
}
