import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Chore, runChores } from './chores.ts'

function book() {
  const done: string[] = []
  const told: string[] = []
  const chore = (name: string, run: () => unknown = () => {}): Chore => ({
    name,
    run: async () => {
      done.push(name)
      await run()
    },
  })
  const onError = (error: unknown) => told.push(String(error))
  return { done, told, chore, onError }
}

test('what fails keeps none of the others from being done, is told by its name, and is tried again', async () => {
  const { chore, done, onError, told } = book()
  let fails = true
  const chores = [
    chore('one'),
    chore('two', () => {
      if (fails) throw new Error('a table is too large')
    }),
    { name: 'three', run: () => Promise.reject(new Error('nobody answers')) },
    chore('four'),
  ]
  await runChores(chores, { onError })
  assert.deepEqual(done, ['one', 'two', 'four'])
  assert.equal(told.length, 2)
  assert.match(told[0] ?? '', /`two` failed/)
  fails = false
  await runChores(chores, { onError })
  assert.deepEqual(done, ['one', 'two', 'four', 'one', 'two', 'four'])
  assert.equal(told.length, 3)
})

test('a round ends as soon as it may not go on', async () => {
  const { chore, done, onError } = book()
  const chores = [chore('one'), chore('two'), chore('three')]
  await runChores(chores, { onError, while: () => done.length < 2 })
  assert.deepEqual(done, ['one', 'two'])
})
