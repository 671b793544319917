import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { findRequest } from '../../../src/approvals/access-requests/index.ts'
import { verifyLedger } from '../../../verifier/src/index.ts'
import { assertRefused, assertRequestable } from '../../refusals.ts'
import { Place } from './place.ts'
import { DESKTOP, PHONE, type Tab } from './tab.ts'

/** A passkey as the virtual authenticator holds it. */
interface Credential {
  readonly credentialId: string
  readonly signCount: number
}

/** Folder for pictures; without it none are made. */
const { REMIT_PICTURES: PICTURES } = process.env

describe('passkeys in Chromium, with a virtual authenticator', () => {
  let place: Place
  let fiona: Tab
  let authenticatorId = ''
  before(async () => {
    place = await Place.open({ REMIT_PASSKEYS_FOR: 'high' })
    fiona = await place.person('fiona')
    await fiona.send('WebAuthn.enable')
    const added = await fiona.send('WebAuthn.addVirtualAuthenticator', {
      options: {
        ...{ protocol: 'ctap2', transport: 'internal', hasResidentKey: true },
        ...{ hasUserVerification: true, isUserVerified: true, automaticPresenceSimulation: true },
      },
    })
    authenticatorId = String(added.authenticatorId)
  })
  after(() => place?.close())

  const credentials = async () => {
    const answer = await fiona.send('WebAuthn.getCredentials', { authenticatorId })
    return answer.credentials as readonly Credential[] // as: the protocol has it so
  }
  const stateOf = async (page: string) => {
    const id = page.split('/').at(-1) ?? ''
    return (await findRequest(place.w.rooms.decisions, id))?.state
  }

  it('an approval leads to enrolment and back, is signed, and executed once', async () => {
    const task = await place.task()
    const erase = () => place.agent.call(task, 'DELETE', '/echo/things/a1')
    const { page } = assertRequestable(await erase())
    await fiona.go(page)
    await fiona.press('Enrol a passkey')
    const hidden = 'document.querySelector("[data-trouble]").checkVisibility()'
    assert.equal(await fiona.value(hidden), false, 'there is no trouble to be told')
    await fiona.press('Enrol')
    await fiona.shows(/Sign and approve once/)
    assert.equal(await fiona.url(), page)
    assert.equal((await credentials()).length, 1)
    await fiona.press('Sign and approve once')
    assert.equal(await stateOf(page), 'approved')
    assert.equal((await erase()).status, 200)
    assertRefused(await erase(), 'approval.executed')
    assert.equal(place.w.echo.reached.length, 1)
  })

  it('several are signed at once, as they are listed on one page', async () => {
    const task = await place.task()
    const pages = [await place.refund(task, '911.00'), await place.refund(task, '912.00')]
    await fiona.go(`${pages[0]}/together`)
    await fiona.press('Approve what is ticked')
    const text = await fiona.shows(/Sign 2 approvals/)
    for (const each of [/EUR\s911\.00|911\.00 EUR/u, /EUR\s912\.00|912\.00 EUR/u])
      assert.match(text, each)
    for (const size of [DESKTOP, PHONE]) {
      await fiona.size(size)
      assert.ok((await fiona.value<number>('document.documentElement.scrollWidth')) <= size.width)
      if (PICTURES !== undefined)
        await writeFile(
          join(PICTURES, `sign-together-${size.width}.png`),
          await fiona.picture(size, { whole: true }),
        )
    }
    await fiona.press('Sign and approve all 2')
    for (const page of pages) assert.equal(await stateOf(page), 'approved')
  })

  it('the ledger has its receipt, which the verifier checks', async () => {
    const files = new Map<string, Buffer>()
    await place.w.rooms.ledger.exportTo(async (path, bytes) => {
      files.set(path, Buffer.concat([files.get(path) ?? Buffer.alloc(0), bytes]))
    })
    const source = { read: async (path: string) => files.get(path), async *lines() {} }
    const report = await verifyLedger(source)
    assert.deepEqual([report.verdict, report.receipts], ['ok', 2])
  })

  it('somebody who cannot prove that it is them signs nothing', async () => {
    const page = await place.refund(await place.task(), '901.00')
    await fiona.send('WebAuthn.setUserVerified', { authenticatorId, isUserVerified: false })
    await fiona.go(page)
    await fiona.touch('Sign and approve once')
    await fiona.shows(/The passkey did not sign/)
    assert.equal(await stateOf(page), 'pending')
    await fiona.send('WebAuthn.setUserVerified', { authenticatorId, isUserVerified: true })
  })

  it('a signature that was made for another call is refused', async () => {
    const [mine, other] = [
      await place.refund(await place.task(), '902.00'),
      await place.refund(await place.task(), '903.00'),
    ]
    await fiona.go(other)
    const options = await fiona.value<string>(
      'document.querySelector("form[data-passkey]").dataset.options',
    )
    await fiona.go(mine)
    await fiona.value(
      `document.querySelector("form[data-passkey]").dataset.options = ${JSON.stringify(options)}`,
    )
    await fiona.press('Sign and approve once')
    assert.deepEqual([await stateOf(mine), await stateOf(other)], ['pending', 'pending'])
  })

  it('a copy of the passkey, whose counter went back, is refused', async () => {
    const [credential] = await credentials()
    assert.ok(credential && credential.signCount > 1)
    const { credentialId } = credential
    await fiona.send('WebAuthn.removeCredential', { authenticatorId, credentialId })
    const copy = { ...credential, signCount: 1 }
    await fiona.send('WebAuthn.addCredential', { authenticatorId, credential: copy })
    const page = await place.refund(await place.task(), '904.00')
    await fiona.go(page)
    await fiona.press('Sign and approve once')
    await fiona.shows(/may have been copied/)
    assert.equal(await stateOf(page), 'pending')
  })

  it('pages break no policy of theirs, and say nothing in the console', () => {
    // A refusal is a page with a status of its own, which Chromium writes down.
    const others = fiona.troubles.filter((each) => !each.startsWith('Failed to load resource'))
    assert.deepEqual(others, [])
  })
})
