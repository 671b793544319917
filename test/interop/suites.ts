import type { TestEvent } from 'node:test/reporters'

/** Reporter of suites that passed, with the number of their tests: one line of JSON for each. */
// biome-ignore lint/style/noDefaultExport: Node takes reporters so
export default async function* suites(events: AsyncIterable<TestEvent>): AsyncGenerator<string> {
  const counts = new Map<string | undefined, number>()
  for await (const { data, type } of events) {
    if (type !== 'test:pass') continue
    const { details, file, name, nesting } = data
    const tests = counts.get(file) ?? 0
    if (details.type !== 'suite') counts.set(file, tests + 1)
    if (nesting > 0 || details.type !== 'suite') continue
    counts.set(file, 0)
    yield `${JSON.stringify({ name, tests })}\n`
  }
}
