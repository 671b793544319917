import { Phone } from '../../../examples/refund-desk/phone.ts'
import { serveIdentityProvider } from '../../../src/programs/dev/identity-provider/serve.ts'
import { type SampleMailServer, serveMailbox } from '../../../src/programs/dev/mailbox/serve.ts'
import { SAMPLE_PEOPLE } from '../../../src/programs/dev/sample.ts'
import { type OpenTask, TestAgent } from '../../agent.ts'
import { assertRequestable } from '../../refusals.ts'
import { type PersonName, World } from '../../world.ts'
import { Chromium } from './devtools.ts'
import { Tab } from './tab.ts'

const SECRET = 'secret-of-remit-at-the-provider'

/** A Remit with a name, as passkeys need one, that sends e-mail and web push; and people with Chromium. */
export class Place {
  readonly w: World
  /** `http://localhost:PORT` */
  readonly issuer: string
  readonly agent: TestAgent
  readonly phone: Phone
  readonly mail: SampleMailServer
  readonly browser: Chromium

  private constructor(parts: Pick<Place, 'agent' | 'browser' | 'issuer' | 'mail' | 'phone' | 'w'>) {
    this.w = parts.w
    this.issuer = parts.issuer
    this.agent = parts.agent
    this.phone = parts.phone
    this.mail = parts.mail
    this.browser = parts.browser
  }

  static async open(settings: Readonly<Record<string, string>> = {}): Promise<Place> {
    const [phone, browser] = await Promise.all([Phone.open(), Chromium.launch()])
    let issuer = ''
    let mail: SampleMailServer | undefined
    const w = await World.start('sqlite', {
      async provider(address) {
        issuer = address.replace('127.0.0.1', 'localhost')
        mail ??= await serveMailbox({ port: 0, smtpPort: 0, issuer })
        const clients = [
          { id: 'remit', secret: SECRET, redirectUris: [`${issuer}/sign-in/callback`] },
          { id: 'refund-bot', redirectUris: ['http://127.0.0.1/callback'] },
        ]
        const served = await serveIdentityProvider({ port: 0, people: SAMPLE_PEOPLE, clients })
        return { ...served, secret: SECRET }
      },
      settings: () => ({
        REMIT_ISSUER: issuer,
        REMIT_SMTP_URL: mail?.smtp ?? '',
        REMIT_PUSH_CONTACT: 'mailto:remit@example.com',
        REMIT_WEBHOOK_ORIGINS: phone.service,
        ...settings,
      }),
    })
    if (!mail) throw new Error('the provider was started')
    const at = { issuer, gateway: w.gateway, clock: w.clock }
    const agent = new TestAgent(at, w.agent.id, w.agent.key)
    return new Place({ agent, browser, issuer, mail, phone, w })
  }

  /** A browser of this person, who is signed in. */
  async person(name: PersonName): Promise<Tab> {
    const tab = await Tab.open(this.browser)
    await tab.go(`${this.issuer}/`)
    await this.choose(tab, name)
    return tab
  }

  /** Chooses this person at the provider. */
  async choose(tab: Tab, name: PersonName): Promise<void> {
    await tab.pressElement(`button[name=person][value=${name}]`)
  }

  task(): Promise<OpenTask> {
    return this.w.open({}, { agent: this.agent })
  }

  /** Has a refund asked for. Answers its page. */
  async refund(task: OpenTask, amount: string): Promise<string> {
    const body = `{"amount": ${amount}, "note": "The lamp came scratched"}`
    const answer = await this.agent.call(task, 'POST', '/orders/orders/1042/refunds', { body })
    return assertRequestable(answer).page
  }

  async close(): Promise<void> {
    await this.browser.close()
    await this.w.stop()
    await this.phone.close()
    await this.mail.close()
  }
}
