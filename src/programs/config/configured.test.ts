import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { selfSigned } from '../../../test/certificates/certificate.ts'
import { openProvider } from '../../identity/identity-providers/register-provider.ts'
import { testPeople } from '../../identity/people/testing.ts'
import { manualClock } from '../../platform/lib/clock.ts'
import { systemRandom } from '../../platform/lib/random.ts'
import { type OutboundOptions, outbound } from '../../platform/net/index.ts'
import { forEachEngine } from '../../platform/storage/testing.ts'
import {
  authoritiesIn,
  breakGlassIn,
  channelsOf,
  configuredProvider,
  freshFor,
  onLoopback,
  otherClockIn,
  passkeysIn,
  reachesLoopback,
  senderIn,
  signerOf,
  stepUpIn,
} from './configured.ts'
import { readSettings } from './settings.ts'

const SOMEWHERE = { REMIT_ISSUER: 'https://remit.example', REMIT_GATEWAY: 'https://gw.example' }
const here = readSettings({})
const somewhere = readSettings(SOMEWHERE)

async function file(t: TestContext, text: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'remit-configured-'))
  t.after(() => rm(folder, { recursive: true, force: true }))
  const path = join(folder, 'authorities.pem')
  await writeFile(path, text)
  return path
}

test('a document on this computer is read in development on this computer alone', () => {
  const at = (...[settings, development]: Parameters<typeof onLoopback>) =>
    ['http://127.0.0.1:9000', 'http://localhost:9000', 'https://clients.example'].map(
      onLoopback(settings, development),
    )
  assert.deepEqual(at(here, true), [true, true, false])
  assert.deepEqual(at(here, false), [false, false, false])
  assert.deepEqual(at(somewhere, true), [false, false, false])
})

test('a provider on this computer is reached in development, or from this computer', () => {
  assert.equal(reachesLoopback(somewhere, false), false)
  assert.equal(reachesLoopback(somewhere, true), true)
  assert.equal(reachesLoopback(here, false), true)
})

test('a sign-in has to be fresh only where a setting says so', () => {
  const wanted = (environment: Readonly<Record<string, string>>) =>
    stepUpIn(readSettings({ REMIT_FRESH_SIGN_IN_MINUTES: '0', ...environment }))
  assert.equal(wanted({}), undefined)
  const five = { REMIT_FRESH_SIGN_IN_MINUTES: '5' }
  assert.deepEqual(wanted(five), { acrValues: [], maxAgeSeconds: 300 })
  const mfa = { REMIT_FRESH_SIGN_IN_ACR_VALUES: 'mfa phr' }
  assert.deepEqual(wanted(mfa), { acrValues: ['mfa', 'phr'], maxAgeSeconds: null })
  assert.deepEqual(wanted({ ...five, ...mfa }), { acrValues: ['mfa', 'phr'], maxAgeSeconds: 300 })
})

test('hours, days and minutes of settings are counted in milliseconds', () => {
  assert.deepEqual(breakGlassIn(here), { lifeMs: 15 * 60_000, reviewMs: 24 * 3_600_000 })
  assert.deepEqual(freshFor(here), { present: 24 * 3_600_000, absent: 30 * 24 * 3_600_000 })
  const keys = passkeysIn(readSettings({ ...SOMEWHERE, REMIT_PASSKEYS_FOR: 'high keys' }))
  assert.deepEqual([...keys.acts], ['high', 'keys'])
  assert.equal(keys.recoveryWaitMs, 24 * 3_600_000)
})

test('the clock of a provider on this computer is no other clock', () => {
  const clockOf = (REMIT_IDP_ISSUER?: string) =>
    otherClockIn(
      readSettings({ ...(REMIT_IDP_ISSUER && { REMIT_IDP_ISSUER, REMIT_IDP_CLIENT_ID: 'remit' }) }),
      manualClock(),
    )
  assert.equal(clockOf(), undefined)
  assert.equal(clockOf('http://127.0.0.1:9000'), undefined)
  assert.equal(typeof clockOf('https://idp.example'), 'function')
})

test('the clock of a provider is read at that provider alone, and one that cannot be read has no time', async () => {
  const clock = manualClock()
  const settings = readSettings({
    ...{ REMIT_IDP_ISSUER: 'https://idp.example/tenant', REMIT_IDP_CLIENT_ID: 'remit' },
  })
  const asked: string[] = []
  let [isOpen, isDown] = [false, false]
  const reach = ({ allowOrigins }: OutboundOptions) => {
    isOpen = true
    const fetch = async (url: string) => {
      asked.push(url)
      if (isDown) throw new Error('its certificate is not valid yet')
      return new Response(null, { headers: { date: new Date(clock.now() + 60_000).toUTCString() } })
    }
    const close = async () => {
      isOpen = false
    }
    for (const [origin, isAllowed] of [
      ['https://idp.example', true],
      ['http://idp.example', false],
      ['https://other.example', false],
    ] as const)
      assert.equal(allowOrigins(origin), isAllowed, origin)
    return { ...outbound({ allowOrigins }), close, fetch }
  }
  const ahead = otherClockIn(settings, clock, reach)
  assert.equal(await ahead?.(), -60_000)
  assert.deepEqual(asked, ['https://idp.example/tenant/.well-known/openid-configuration'])
  assert.equal(isOpen, false, 'no connection stays open')
  isDown = true
  assert.equal(await ahead?.(), undefined)
  assert.deepEqual([asked.length, isOpen], [2, false])
})

forEachEngine('the provider of the settings', (open) => {
  const ISSUER = 'https://idp.example'
  const WHOLE = {
    ...{ REMIT_IDP_ISSUER: ISSUER, REMIT_IDP_CLIENT_ID: 'remit' },
    ...{ REMIT_IDP_CLIENT_SECRET: 'secret', REMIT_IDP_NAME: 'Example' },
    ...{ REMIT_IDP_GROUPS_CLAIM: 'teams', REMIT_IDP_ACR_VALUES: 'mfa phr' },
    ...{ REMIT_IDP_ATTRIBUTES: 'department=dept', REMIT_IDP_DOMAINS: 'example.com' },
    ...{ REMIT_IDP_SIGN_OUT: 'sessions-and-tasks' },
  }

  async function registered(environment: Readonly<Record<string, string>>, development = false) {
    const parts = await testPeople(await open())
    const settings = readSettings(environment)
    await configuredProvider(settings, parts, development)
    const issuer = settings.providerIssuer ?? ISSUER
    const { clientSecret, createdAt, ...found } =
      (await openProvider(parts, parts.storage.read, issuer)) ?? {}
    const records = (await parts.recorded()).filter((each) => each.facts?.issuer === issuer)
    await parts.live.stop()
    return { ...found, secret: clientSecret?.reveal(), records: records.map(({ by }) => by) }
  }

  test('is registered as the settings say', async () => {
    assert.deepEqual(await registered({ ...SOMEWHERE, ...WHOLE }), {
      ...{ issuer: ISSUER, name: 'Example', clientId: 'remit', secret: 'secret' },
      ...{ groupsClaim: 'teams', acrValues: ['mfa', 'phr'], domains: ['example.com'] },
      ...{ attributes: { department: 'dept' }, closesTasks: true, records: ['configuration'] },
    })
  })

  test('has no secret, and closes no tasks, where the settings do not say so', async () => {
    const least = { REMIT_IDP_ISSUER: ISSUER, REMIT_IDP_CLIENT_ID: 'remit' }
    const { closesTasks, secret } = await registered({ ...SOMEWHERE, ...least })
    assert.deepEqual([closesTasks, secret], [false, undefined])
    for (const none of [SOMEWHERE, { ...SOMEWHERE, REMIT_IDP_CLIENT_ID: 'remit' }])
      assert.equal((await registered(none)).issuer, undefined, 'none, where none is named')
  })

  test('may be on this computer only while Remit is, or is developed', async () => {
    const near = {
      ...{ REMIT_IDP_ISSUER: 'http://127.0.0.1:9000', REMIT_IDP_CLIENT_ID: 'remit' },
    }
    await assert.rejects(registered({ ...SOMEWHERE, ...near }), { code: 'provider.bad_issuer' })
    assert.equal((await registered({ ...SOMEWHERE, ...near }, true)).clientId, 'remit')
    assert.equal((await registered(near)).clientId, 'remit')
  })
})

test('keys that are elsewhere are signed with by a program, where one is named', () => {
  const ports = { clock: manualClock(), random: systemRandom, onError: () => {} }
  assert.equal(signerOf(here, ports), undefined)
  const command = { REMIT_SIGNER: 'external', REMIT_SIGNER_COMMAND: '/bin/signer' }
  assert.ok(signerOf(readSettings(command), ports))
})

test('messages go by mail where a server for it is named', () => {
  assert.deepEqual(channelsOf(somewhere), [])
  const withMail = readSettings({ ...SOMEWHERE, REMIT_SMTP_URL: 'smtp://mail.example:25' })
  assert.equal(channelsOf(withMail).length, 1)
  assert.equal(senderIn(withMail), 'remit@remit.example')
  const own = { ...SOMEWHERE, REMIT_MAIL_FROM: 'Remit <desk@example.com>' }
  assert.equal(senderIn(readSettings(own)), 'Remit <desk@example.com>')
})

test('a file of authorities has a certificate at least, and none is read where none is named', async (t) => {
  assert.deepEqual(await authoritiesIn(''), [])
  for (const text of ['', 'no certificate', '-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE'])
    await assert.rejects(authoritiesIn(await file(t, text)), { code: 'config.invalid' }, text)
  const [one, other] = [selfSigned(), selfSigned()]
  const both = await authoritiesIn(await file(t, `${one.certPem}\nwords\n${other.certPem}`))
  assert.deepEqual(
    both.map((der) => Buffer.from(der).toString('hex')),
    [one, other].map(({ der }) => der.toString('hex')),
  )
  const broken = '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n'
  await assert.rejects(authoritiesIn(await file(t, broken)))
  await assert.rejects(authoritiesIn('/nowhere/authorities.pem'), { code: 'ENOENT' })
})
