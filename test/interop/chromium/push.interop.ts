import assert from 'node:assert/strict'
import { createRequire } from 'node:module'
import { after, before, describe, it } from 'node:test'
import { until } from '../../until.ts'
import { Place } from './place.ts'
import type { Tab } from './tab.ts'

/** Notification as the worker showed it. */
interface WorkerNotification {
  readonly title: string
  readonly body: string
  readonly data: { readonly path: string }
}

/**
 * Stands in for the push service alone; everything else is Chromium's own. A browser without an account at Google gets
 * no subscription, so `subscribe` answers one at a service on this machine, and what arrives there is handed to the worker.
 */
describe('web push in Chromium', () => {
  let place: Place
  let fiona: Tab
  before(async () => {
    place = await Place.open()
    fiona = await place.person('fiona')
    await place.browser.send('Browser.grantPermissions', {
      ...{ permissions: ['notifications'], origin: place.issuer },
      browserContextId: fiona.context,
    })
    await fiona.send('ServiceWorker.enable')
    await fiona.send('Page.addScriptToEvaluateOnNewDocument', { source: subscribed(place) })
  })
  after(() => place?.close())

  /** Hands a message to the worker, as the push service does, until it shows it. */
  const shows = (data: string, path: string) =>
    until(async () => {
      const registrationId = registrationIn(fiona)
      if (registrationId === undefined) return undefined
      const params = { origin: place.issuer, registrationId, data }
      await fiona.send('ServiceWorker.deliverPushMessage', params)
      const all = await fiona.value<readonly WorkerNotification[]>(`navigator.serviceWorker.ready
        .then((registration) => registration.getNotifications())
        .then((all) => all.map(({ title, body, data }) => ({ title, body, data })))`)
      return all.find((each) => each.data.path === path)
    })

  it('a browser is subscribed by the button of the page, and confirmed by the code that its worker shows', async () => {
    await fiona.go(`${place.issuer}/notifications`)
    await fiona.press('Show notifications in this browser')
    await fiona.shows(/Chrome on Linux[\s\S]*Not confirmed/)
    const { title } = await shows(JSON.stringify(await place.phone.next()), '/notifications')
    const [, code = ''] = /^Your code is (\d{6})$/.exec(title) ?? []
    await fiona.fill('code', code)
    await fiona.press('Confirm')
    assert.doesNotMatch(await fiona.text(), /Not confirmed/)
    assert.match(await fiona.text(), /Chrome on Linux/)
  })

  it('a call that waits is shown by the worker: a title of ours, and the page', async () => {
    const page = await place.refund(await place.task(), '900.00')
    const message = await place.phone.next()
    const notification = await shows(JSON.stringify(message), new URL(page).pathname)
    assert.equal(notification.title, 'Call of high risk: waits for approval')
    assert.doesNotMatch(JSON.stringify(notification), /900|lamp|refund/)
  })

  it('what was sent is what the library of the sender’s own tests decrypts', () => {
    const webPush = createRequire(createRequire(import.meta.url).resolve('web-push'))
    const { decrypt } = webPush('http_ece') as Decryption // as: it has no types
    const { body, keys } = place.phone.last
    const text = decrypt(body, { version: 'aes128gcm', ...keys }).toString()
    assert.match(JSON.parse(text).path, /^\/approvals\/req_/)
  })

  it('pages break no policy of theirs, and say nothing in the console', () => {
    assert.deepEqual(fiona.troubles, [])
  })
})

interface Decryption {
  decrypt(
    body: Buffer,
    params: { version: string; privateKey: unknown; authSecret: string },
  ): Buffer
}

function registrationIn(tab: Tab): string | undefined {
  return tab.events
    .filter(({ method }) => method === 'ServiceWorker.workerRegistrationUpdated')
    .flatMap(({ params }) => (params as { registrations: Registration[] }).registrations) // as: the protocol has it so
    .at(-1)?.registrationId
}

interface Registration {
  readonly registrationId: string
}

function subscribed({ phone }: Place): string {
  const { endpoint, keys } = JSON.parse(phone.subscription)
  const subscription = JSON.stringify({ endpoint, keys })
  return `PushManager.prototype.subscribe = async ({ applicationServerKey, userVisibleOnly }) => {
    if (!userVisibleOnly || !/^[\\w-]{87}$/.test(applicationServerKey)) throw new Error('no key')
    return { toJSON: () => (${subscription}) }
  }`
}
