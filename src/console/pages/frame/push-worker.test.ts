import assert from 'node:assert/strict'
import { test } from 'node:test'
import { runInNewContext } from 'node:vm'
import { PUSH_WORKER } from './assets.ts'

test('the worker shows what is pushed and opens pages of its own origin only', async () => {
  const handlers = new Map<string, (event: unknown) => void>()
  const shown: unknown[] = []
  const opened: string[] = []
  const self = {
    addEventListener: (name: string, handle: (event: unknown) => void) =>
      handlers.set(name, handle),
    location: { origin: 'https://remit.example' },
    registration: { showNotification: async (title: string) => shown.push(title) },
    clients: { openWindow: async (url: string) => opened.push(url) },
  }
  runInNewContext(PUSH_WORKER.body.toString(), { self, URL })
  assert.deepEqual([...handlers.keys()], ['push', 'notificationclick'], 'it handles no requests')
  const waitUntil = () => {}
  const data = { json: () => ({ title: 'Waits for approval', path: '/approvals/x' }) }
  handlers.get('push')?.({ data, waitUntil })
  assert.deepEqual(shown, ['Waits for approval'])
  for (const path of ['/approvals/x', '//evil.example/x', 'https://evil.example/', 'javascript:1'])
    handlers.get('notificationclick')?.({
      notification: { close: () => {}, data: { path } },
      waitUntil,
    })
  const home = 'https://remit.example'
  assert.deepEqual(opened, [`${home}/approvals/x`, home, home, home])
})
