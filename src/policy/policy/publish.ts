import { type Catalog, RULES, rulesEpoch } from '../../catalog/catalog/index.ts'
import type { Ledger } from '../../platform/ledger/index.ts'
import { domainHash } from '../../platform/lib/canonical-json.ts'
import type { Clock } from '../../platform/lib/clock.ts'
import { Problem } from '../../platform/lib/problem.ts'
import type { Live } from '../../platform/revocation/index.ts'
import type { Storage } from '../../platform/storage/index.ts'
import { invalidPolicies, type Mistake } from '../cedar/index.ts'
import type { TestSource } from './cases/case.ts'
import type { CaseReport, FailedCase } from './cases/run-cases.ts'
import { checkPolicies } from './check.ts'
import { findSet, insertSet, latestSet, type SourceFile } from './policy-store.ts'
import { schemaInSteps } from './schema.ts'
import { runCasesInWorker } from './worker-tasks.ts'

/** Parts that the acts of this room work with; every act takes them first. */
export interface PolicyParts {
  readonly storage: Storage
  readonly ledger: Pick<Ledger, 'append'>
  readonly live: Pick<Live, 'view' | 'raise' | 'settle'>
  readonly catalog: Pick<Catalog, 'current'>
  readonly clock: Clock
}

export interface PublishResult {
  readonly version: number
  readonly digest: string
  /** Findings that are odd, but accepted; also rules that ask people who do not exist. */
  readonly warnings: readonly Mistake[]
  /** Sentences that hold. */
  readonly tested: number
}

/** Text to publish, with who publishes it and why. */
export interface Publication {
  readonly text: string
  readonly by: string
  readonly note: string
  readonly files?: readonly SourceFile[]
  /** Tests of the set; left out: the tests of the version in force go on to hold. */
  readonly tests?: readonly TestSource[]
}

/**
 * Publishes a text of policies as a new, immutable version and makes it the active one. When it has returned, no replica decides
 * by the older one. Refused as a whole when anything is wrong with it; the running set then stays.
 * @throws Problem `policy.invalid` (member `mistakes`: everything that is wrong, with id, line and column), `policy.tests_failed` (member
 * `failed`), `catalog.changed`
 */
export async function publishPolicies(
  parts: PolicyParts,
  publication: Publication,
): Promise<PublishResult> {
  const { storage, live } = parts
  const { by, files = [], note, text } = publication
  const before = await rulesEpoch(parts)
  const schema = await schemaInSteps((await parts.catalog.current()).actions.values())
  const { mistakes, warnings } = await checkPolicies(storage.read, { text, schema })
  if (mistakes.length > 0) throw invalidPolicies(mistakes)
  const tests = publication.tests ?? (await latestSet(storage.read))?.tests ?? []
  const { cases } = await testPolicies({ text, schema, tests, files })
  const digest = domainHash('remit/policies/v1', text)
  const { version, raised } = await storage.lanes.revocation.transaction(async (tx) => {
    const version = ((await latestSet(tx))?.version ?? 0) + 1
    const at = parts.clock.now()
    await insertSet(tx, { version, text, files, tests, schema, digest, note, by, at })
    await parts.ledger.append(tx, {
      type: 'policy.published',
      policyVersion: version,
      by,
      facts: { digest },
    })
    const raised = await live.raise(tx, [{ ...RULES, state: 'active' }])
    // INVARIANT: the text was checked and tested against the catalog, and beside the version, that it is published into.
    if (raised.states[0]?.epoch !== before + 1) {
      throw new Problem(
        'catalog.changed',
        'the catalog or the policies changed during the check; try again',
      )
    }
    return { version, raised }
  })
  await live.settle(raised)
  return { version, digest, warnings, tested: cases }
}

/**
 * An older version once more, with its files and tests, as a new version: how a publication is taken back.
 * @throws as `publishPolicies`: the catalog may have changed meanwhile; Problem `policy.unknown_version`
 */
export async function publishAgain(
  parts: PolicyParts,
  again: { readonly version: number; readonly by: string; readonly note?: string | undefined },
): Promise<PublishResult> {
  const { by, version } = again
  const set = await findSet(parts.storage.read, version)
  if (!set) throw new Problem('policy.unknown_version', `there is no policy version ${version}`)
  const { files, tests, text } = set
  return publishPolicies(parts, {
    text,
    files,
    tests,
    by,
    note: again.note ?? `version ${version} again`,
  })
}

/** @throws Problem `policy.tests_failed` when one does not hold */
async function testPolicies(given: {
  readonly text: string
  readonly schema: string
  readonly tests: readonly TestSource[]
  readonly files: readonly SourceFile[]
}): Promise<Pick<CaseReport, 'cases'>> {
  if (given.tests.length === 0) return { cases: 0 }
  const report = await runCasesInWorker(given)
  if (report.failed.length > 0) throw failing(report.failed)
  return report
}

function failing(failed: readonly FailedCase[]): Problem {
  const [first] = failed
  const more = failed.length > 1 ? ` (and ${failed.length - 1} more)` : ''
  const what =
    first?.it === undefined
      ? first?.why[0]?.text
      : `${first.it}: expected ${first.expected}, came ${first.came}`
  return new Problem('policy.tests_failed', `${first?.file}:${first?.line}: ${what}${more}`, {
    members: { failed },
  })
}
