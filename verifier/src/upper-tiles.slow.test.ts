import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Report } from './report.ts'
import { type Files, makeExport, memorySource, plainRecords } from './testing.ts'
import { verifyLedger } from './verify.ts'

const verify = (files: Files) => verifyLedger(memorySource(files))
const bytesOf = (files: Files, path: string) => files.get(path) ?? assert.fail(`no ${path}`)

function says(report: Report, verdict: Report['verdict'], index: number | null = null): void {
  assert.deepEqual([report.verdict, report.index], [verdict, index], report.message)
}

test('three levels of tiles are compared', async () => {
  const files = makeExport(plainRecords(65_536 + 300))
  says(await verify(files), 'ok')
  assert.ok(files.has('tile/2/000.p/1'))
  const top = Buffer.from(bytesOf(files, 'tile/2/000.p/1'))
  top[5] = (top[5] ?? 0) ^ 1
  says(await verify(new Map(files).set('tile/2/000.p/1', top)), 'modified', 0)
  const middle = Buffer.from(bytesOf(files, 'tile/1/001.p/1'))
  middle[0] = (middle[0] ?? 0) ^ 1
  says(await verify(new Map(files).set('tile/1/001.p/1', middle)), 'modified', 65_536)
})
