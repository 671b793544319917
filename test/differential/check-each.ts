import fc from 'fast-check'

/**
 * Does something with each of so many generated cases, the examples first. A case is too long to print or to make smaller: the error
 * that is thrown has to tell what failed. The same seed makes the same cases.
 */
export async function checkEach<T>(
  cases: fc.Arbitrary<T>,
  act: (each: T) => Promise<void>,
  given: {
    readonly numRuns: number
    readonly seed: number
    readonly examples?: readonly T[]
  },
): Promise<void> {
  const { examples = [], numRuns, seed } = given
  const { counterexamplePath, errorInstance, failed } = await fc.check(
    fc.asyncProperty(cases, act),
    { numRuns, seed, endOnFailure: true, examples: examples.map((each): [T] => [each]) },
  )
  if (failed) throw new Error(`seed ${seed}, path ${counterexamplePath}`, { cause: errorInstance })
}
