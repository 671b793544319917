// `clients.mjs stripe|twilio|slack URL`: calls the API at URL as people do. Prints what it read, or why it was refused.
import { WebClient } from '@slack/web-api'
import Stripe from 'stripe'
import twilio from 'twilio'

const [, , what, address] = process.argv
const { hostname, port } = new URL(address)

async function stripe() {
  const client = new Stripe('sk_test_x', {
    ...{ host: hostname, port: Number(port), protocol: 'http' },
    ...{ maxNetworkRetries: 0, telemetry: false },
  })
  const made = await client.invoices.create({
    customer: 'cus_1',
    description: 'two\nlines & ~',
    days_until_due: 30,
    metadata: { order: '1042' },
    custom_fields: [
      { name: 'Order', value: '1042' },
      { name: 'Cost centre', value: 'A=B' },
    ],
    expand: ['customer', 'charge'],
  })
  const found = await client.charges.list({
    created: { gte: 5 },
    limit: 3,
    expand: ['data.customer'],
  })
  const refused = await client.invoices
    .create({ customer: 'cus_1', days_until_due: 365 })
    .catch((error) => error.statusCode)
  return [made.read, found.read, refused]
}

async function withTwilio() {
  class Here extends twilio.RequestClient {
    request(options) {
      return super.request({ ...options, uri: address + new URL(options.uri).pathname })
    }
  }
  const sent = []
  class Heard extends Here {
    async request(options) {
      const answer = await super.request(options)
      sent.push(answer.body.read)
      return answer
    }
  }
  const client = twilio(`AC${'0'.repeat(32)}`, 'token', { httpClient: new Heard() })
  await client.messages.create({
    ...{ to: '+15550001', from: '+15550002', body: 'Hello,\nSam' },
    mediaUrl: ['https://a.example/1', 'https://a.example/2'],
  })
  return sent
}

async function slack() {
  const client = new WebClient('xoxb-x', {
    slackApiUrl: `${address}/api/`,
    retryConfig: { retries: 0 },
  })
  const blocks = [{ type: 'section', text: { type: 'mrkdwn', text: 'Refund *5 EUR*' } }]
  const { read } = await client.chat.postMessage({ channel: 'C1', text: 'Refund', blocks })
  return [read]
}

const done = await { stripe, twilio: withTwilio, slack }[what]()
process.stdout.write(JSON.stringify(done))
