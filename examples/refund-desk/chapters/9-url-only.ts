import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { chapter, saw } from '../step.ts'
import type { Story } from '../story.ts'
import { Stranger } from '../stranger.ts'
import { say, toolNames, transportOf } from '../tools.ts'

const MESSAGE = { to: 'customer@shop.example', text: 'Your refund is on its way.' }

/** An MCP client that nobody changed and that knows only the URL: it gets in, is held, approved, and continues. */
export async function urlOnly({ fiona, sam, world }: Story): Promise<void> {
  chapter('An MCP client that knows nothing but the URL')
  const admitted = await world.remit([
    'admission',
    'add',
    'desktop-clients',
    '--redirect-host',
    'localhost',
    '--trust',
    '3',
    '--ceiling',
    'desk.search-notes',
    'desk.send-message',
  ])
  saw('Ada lets desktop clients in, for two tools', admitted.code === 0, admitted)

  const url = new URL(`${world.gateway}/desk`)
  const stranger = await Stranger.start()
  try {
    const first = new Client({ name: 'desktop', version: '1.0.0' })
    const sent = await first
      .connect(transportOf(url, { authProvider: stranger }))
      .catch((error: unknown) => error)
    saw('it finds its way to a page of Remit', stranger.asked !== undefined, sent)
    const page = await sam.get(stranger.asked?.href ?? '')
    saw(
      'where Sam reads who wants what, and that the name is only what it says of itself',
      page.status === 200 &&
        page.text.includes('Desktop client') &&
        /not verified/i.test(page.text),
      page.text,
    )
    const back = await sam.allow(page)
    saw('Sam allows it', back.status === 200 && stranger.code !== undefined, back.text)
    const transport = transportOf(url, { authProvider: stranger })
    await transport.finishAuth(stranger.code ?? '')
    const client = new Client({ name: 'desktop', version: '1.0.0' })
    await client.connect(transport)
    const listed = await toolNames(client)
    saw('it sees two tools', listed.join(' ') === 'search_notes send_message', listed)

    const told: string[] = []
    const held = client.callTool({ name: 'send_message', arguments: MESSAGE }, undefined, {
      onprogress: ({ message = '' }) => told.push(message),
      resetTimeoutOnProgress: true,
    })
    const question = await waiting(fiona, world.issuer)
    saw(
      'its message is held, and Fiona reads it word by word',
      question.text.includes(MESSAGE.text),
      question.text,
    )
    const yes = await fiona.submit(question, /^Approve once/)
    saw('Fiona approves', yes.status === 200, yes.text)
    const done = await held
    saw(
      'the client, which only waited, continues',
      done.isError !== true && /Sent message/.test(say(done)),
      done,
    )
    saw(
      'it was told whom it waited for',
      told.some((words) => /finance/.test(words)),
      told,
    )

    await transport.terminateSession()
    const after = await client
      .callTool({ name: 'search_notes', arguments: { query: 'refund' } })
      .catch((error: unknown) => error)
    saw('the session ends, and with it all it held', after instanceof Error, after)
    await client.close()
  } finally {
    await stranger.stop()
  }
}

/** Until the question is on Fiona's page. */
async function waiting(fiona: Story['fiona'], issuer: string) {
  for (let tries = 0; tries < 100; tries++) {
    const list = await fiona.get(`${issuer}/approvals`)
    const link =
      /href="(\/approvals\/req_[^"]+)"[^>]*>(?:(?!<\/a>)[\s\S])*customer@shop\.example/.exec(
        list.html,
      )?.[1]
    if (link) return fiona.get(issuer + link)
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  return fiona.get(`${issuer}/approvals`)
}
