/** `&&`, `||` and `if`: what is not needed is not evaluated, and what is has to be true or false. */
import { any, asTest, constant, type Part, type Test, test } from './run.ts'

/** Every operand of a chain, in order; at least one. */
export function every(operands: readonly Part[]): Part {
  return chain(operands, false)
}

export function some(operands: readonly Part[]): Part {
  return chain(operands, true)
}

/** `ends`: the value that decides a chain as soon as it is met. */
function chain(operands: readonly Part[], ends: boolean): Part {
  const tests: Test[] = []
  for (const operand of operands) {
    const known = operand.kind === 'constant' ? operand.value : undefined
    if (known === ends) {
      if (tests.length === 0) return constant(ends)
      tests.push(asTest(operand))
      break
    }
    if (known !== !ends) tests.push(asTest(operand))
  }
  const [a, b, c] = tests
  if (!a) return constant(!ends)
  if (!b) return test(a)
  if (!c) return test(ends ? (run) => a(run) || b(run) : (run) => a(run) && b(run))
  return test((run) => {
    for (const holds of tests) if (holds(run) === ends) return ends
    return !ends
  })
}

export function choice(condition: Part, yes: Part, no: Part): Part {
  if (condition.kind === 'constant' && typeof condition.value === 'boolean') {
    return condition.value ? yes : no
  }
  const holds = asTest(condition)
  if (isTruth(yes) && isTruth(no)) {
    const [a, b] = [asTest(yes), asTest(no)]
    return test((run) => (holds(run) ? a(run) : b(run)))
  }
  return any((run) => (holds(run) ? yes.run(run) : no.run(run)))
}

function isTruth(part: Part): boolean {
  return part.kind === 'test' || (part.kind === 'constant' && typeof part.value === 'boolean')
}
