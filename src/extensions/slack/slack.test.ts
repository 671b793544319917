import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { getGlobalDispatcher } from 'undici'
import type { Notification } from '../../identity/notifications/index.ts'
import { Secret } from '../../platform/lib/secret.ts'
import { SlackApp } from './slack-app.ts'

const HOSTILE = '*bold* <!channel> <https://evil.example|Approve> @here :tada: `x` &lt;'

function ready() {
  const calls: { method: string; authorization: string; fields: URLSearchParams }[] = []
  const answers: unknown[] = []
  const { kind } = new SlackApp({
    issuer: 'https://remit.example',
    answers: false,
    master: { derive: () => new Uint8Array(32), open: (sealed) => sealed },
    token: new Secret('xoxb-test-token'),
    outbound: {
      dispatcher: getGlobalDispatcher(),
      async fetch(url, init) {
        const at = new URL(url)
        assert.equal(at.origin, 'https://slack.com')
        calls.push({
          method: at.pathname.replace('/api/', ''),
          authorization: new Headers(init?.headers).get('authorization') ?? '',
          fields: new URLSearchParams(await new Response(init?.body).text()),
        })
        const answer = answers.shift() ?? { ok: true, channel: 'D1', ts: '1700000000.000100' }
        if (answer instanceof Error) throw answer
        return Response.json(answer)
      },
    },
  })
  return { answers, calls, kind }
}

function message(sentence: string): Notification {
  return {
    ...{ id: 'dlv_1', more: 2, sentAt: 1 },
    announcements: [
      {
        ...{ recipients: [], title: 'Somebody has to approve it', agent: 'refund-bot', sentence },
        facts: [{ name: 'For', value: sentence, foreign: true }],
        ...{ path: '/approvals/req_1', expiresAt: 2 },
      },
    ],
  }
}

describe('messages in Slack', () => {
  test('go to the member by the official SDK, with what an agent chose as plain text', async () => {
    const { calls, kind } = ready()
    const { settings } = kind.read('U024BE7LH')
    assert.equal(await kind.send(settings, message(HOSTILE)), 'D1 1700000000.000100')
    const [{ authorization = '', fields = new URLSearchParams(), method = '' } = {}] = calls
    assert.deepEqual(
      [method, authorization, fields.get('channel'), fields.get('text')],
      ['chat.postMessage', 'Bearer xoxb-test-token', 'U024BE7LH', '3 things wait for you'],
    )
    const blocks: { type: string; text?: { type: string; text: string; emoji?: boolean } }[] =
      JSON.parse(fields.get('blocks') ?? '')
    const texts = blocks.flatMap(({ text }) => (text ? [text] : []))
    assert.deepEqual(
      texts.filter(({ type }) => type === 'mrkdwn').map(({ text }) => text),
      ['<https://remit.example/approvals|Look at it and answer>'],
    )
    const theirs = texts.filter(({ text }) => text.includes('bold'))
    assert.equal(theirs.length, 2)
    for (const { emoji, text, type } of theirs) {
      assert.deepEqual([type, emoji], ['plain_text', false])
      assert.doesNotMatch(text, /[<>]|evil\.example/)
    }
  })

  test('are rewritten where they are', async () => {
    const { calls, kind } = ready()
    await kind.rewrite?.('D1 1700000000.000100', 'Approved')
    const [{ fields = new URLSearchParams(), method = '' } = {}] = calls
    assert.deepEqual(
      [method, fields.get('channel'), fields.get('ts'), fields.get('text')],
      ['chat.update', 'D1', '1700000000.000100', 'Approved'],
    )
    assert.doesNotMatch(fields.get('blocks') ?? '', /Look at it/)
  })

  test('a refusal of Slack lasts, its trouble passes, and neither tells the token', async () => {
    for (const [answer, lasting] of [
      [{ ok: false, error: 'channel_not_found' }, true],
      [{ ok: false, error: 'invalid_auth' }, true],
      [{ ok: false, error: 'ratelimited' }, false],
      [{ ok: false, error: 'internal_error' }, false],
      [new Error('xoxb-test-token reset'), false],
    ] as const) {
      const { answers, calls, kind } = ready()
      answers.push(answer)
      const sent = kind.send('U024BE7LH', message('Refund'))
      await assert.rejects(sent, (error: Error & { lasting?: boolean }) => {
        assert.equal(error.lasting, lasting)
        assert.doesNotMatch(error.message, /xoxb/)
        return true
      })
      assert.equal(calls.length, 1, 'retries are those of deliveries')
    }
  })

  test('go to members only', () => {
    const { kind } = ready()
    assert.deepEqual(kind.owners, ['person'])
    for (const bad of ['', '#general', 'C024BE7LH', '@sam', 'u024be7lh', 'U1', 'U024BE7LH D1'])
      assert.throws(() => kind.read(bad), { code: 'notification.bad_address' }, bad)
  })
})
