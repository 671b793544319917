import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Cli } from '../cli.ts'
import { sink, testCli } from '../testing.ts'
import { tellAnswer } from './show-answer.ts'

test('what is not known to be executed is not said to be, and nobody is sent to ask people anew', async (t) => {
  let said = ''
  const talk = sink((words) => {
    said += words
  })
  const { world } = await testCli(t, {}, { talk })
  const cli = await Cli.start(world, { url: 'http://127.0.0.1:9' })
  const tell = async (state: string) => {
    said = ''
    const problem = { title: 'T', code: 'approval.executed', detail: 'd', enough: 'soon', state }
    await tellAnswer(cli, {
      ...{ response: new Response('', { status: 409 }), decisionId: 'dec_1', problem },
    })
    return said
  }
  const underWay = await tell('sending')
  assert.match(underWay, /an earlier request is under way; nothing was sent[\s\S]*enough +soon/)
  assert.doesNotMatch(underWay, /executed before|--ask-again/)
  assert.match(await tell('answered'), /executed before; nothing was sent[\s\S]*--ask-again/)
})
