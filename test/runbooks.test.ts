import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { runbooks, sectionOf } from './runbooks.ts'

const ROOT = join(import.meta.dirname, '..')
const INCIDENTS = 'test/flows/incidents.test.ts'
const BESIDE = 'test/flows/runbooks.test.ts'
const STOPPED = 'test/flows/store-runbooks.slow.test.ts'

/** Tests that follow the commands of a runbook while an attacker tries to go on. They name its page, or its section. */
const FOLLOWED: Readonly<Record<string, string>> = {
  'guides/let-a-partner-in.md#watch-it-and-end-it': BESIDE,
  'keys.md#change-the-master-key': STOPPED,
  'keys.md#withdraw-a-compromised-key': BESIDE,
  'machine-clients.md#machine-clients': BESIDE,
  'machine-clients.md#rotate-a-secret': BESIDE,
  'machine-clients.md#sign-with-a-key': BESIDE,
  'operations/backup.md#back-up': STOPPED,
  'operations/backup.md#restore': STOPPED,
  'operations/backup.md#restored-by-other-means': STOPPED,
  'operations/incidents.md#an-agent-does-what-it-should-not': INCIDENTS,
  'operations/incidents.md#stop-everything': INCIDENTS,
  'operations/incidents.md#the-credential-of-an-api': INCIDENTS,
  'operations/incidents.md#the-key-of-an-agent': INCIDENTS,
  'problems/ledger.inconsistent.md#what-to-do': STOPPED,
  'problems/server.clock_off.md#what-to-do': STOPPED,
}

/** Sections that lead to runbooks. Each has a link to one of them, or names its page. */
const LEADS: Readonly<Record<string, string>> = {
  'operations/backup.md#when-the-database-went-back-by-itself': 'ledger.inconsistent.md',
  'operations/incidents.md#a-key-leaked': '#the-key-of-an-agent',
  'operations/monitoring.md#alerts': 'incidents.md',
  'operations/postgresql.md#maintenance': 'incidents.md',
}

/** Sections with such commands for which there is no attacker, and why. */
const NO_ATTACKER: Readonly<Record<string, string>> = {
  'decision-points.md#external-decision-points': 'a decision point only denies',
  'keys.md#rotate': 'the old key stays good until its tokens are over, and the page says so',
  'notifications.md#your-own-channels': 'a channel is told, and decides nothing by itself',
  'operations/backup.md#what-you-have-to-do-again': 'its command reads',
  'operations/secrets.md#credentials-of-apis-that-expire':
    'the API decides when the old credential ends',
  'passkeys.md#your-passkeys': 'its command lets a person in again',
  'problems/keys.signer_wrong.md#what-to-do': 'the key is in an HSM, and its server signs nothing',
  'risk.md#signals-from-other-systems': 'its command takes a signal back',
  'stand-ins.md#end-it': 'a stand-in was named by the person',
}

test('O1: every runbook of the docs is followed by a test that plays the attacker, or leads to one that is', () => {
  const known = [FOLLOWED, LEADS, NO_ATTACKER].flatMap(Object.keys)
  assert.equal(new Set(known).size, known.length)
  assert.deepEqual(
    runbooks().filter((id) => !known.includes(id)),
    [],
    'a runbook without a test: follow its commands in one of the tests above, and write it down here',
  )
  for (const id of known) assert.ok(runbooks().includes(id), `${id} is no runbook any more`)
})

test('O1: each of these tests reads the commands out of the page', () => {
  for (const [id, file] of Object.entries(FOLLOWED)) {
    assert.ok(existsSync(join(ROOT, file)), file)
    const source = readFileSync(join(ROOT, file), 'utf8')
    const wanted = file === INCIDENTS ? (id.split('#')[0] ?? '') : id
    assert.ok(source.includes(`'${wanted}'`), `${file} does not follow ${wanted}`)
  }
  for (const [id, link] of Object.entries(LEADS))
    assert.ok(sectionOf(id).text.includes(link), `${id} does not lead to ${link}`)
})
