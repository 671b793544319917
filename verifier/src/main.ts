#!/usr/bin/env node
import { readFileSync, statSync } from 'node:fs'
import { setTimeout } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import {
  BadPlace,
  describe,
  directorySource,
  isAddress,
  parseVerifierKey,
  readPlace,
  storeSource,
  type Trust,
  UnreadableArchive,
  type VerifierKey,
  verifyLedger,
} from './index.ts'

const USAGE = `usage: remit-verify DIR [--archive DIR|ADDRESS] [--vkey KEY|FILE] [--since CHECKPOINT_FILE] [--json]

Verifies an exported Remit ledger, offline.

  --vkey KEY|FILE          the key the ledger is known by, from a source other than the export
  --since CHECKPOINT_FILE  a checkpoint you kept: nothing under it may have changed or gone
  --archive DIR|ADDRESS    the archive or a copy of it, for an export without it: a folder, s3://bucket/prefix
                           in a store with the protocol of S3, or https://host/path at any web server
  --endpoint ORIGIN        the store, such as https://minio.internal:9000; else Amazon S3
  --addressing path|host   part of a request that names the bucket; else path
  --json                   the report as JSON

Requests to a store are signed where AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY (and AWS_SESSION_TOKEN, for a
temporary key) are set. The region is AWS_REGION; else us-east-1.

Exit codes: 0 ok, 1 something is wrong, 2 wrong usage, or the archive cannot be read.`

class UsageError extends Error {}

async function main(args: readonly string[]): Promise<number> {
  const { values, positionals } = parsed(args)
  if (values.help) {
    console.log(USAGE)
    return 0
  }
  const [directory, ...rest] = positionals
  if (directory === undefined || rest.length > 0) throw new UsageError('name one directory')
  const report = await verifyLedger(directorySource(present(directory)), {
    ...archiveOf(values),
    ...(values.vkey === undefined ? {} : { key: keyFrom(values.vkey) }),
    ...(values.since === undefined ? {} : { since: contentOf(values.since) }),
  })
  console.log(values.json ? JSON.stringify(report, null, 2) : describe(report))
  return report.verdict === 'ok' ? 0 : 1
}

function archiveOf({ addressing, archive, endpoint }: ReturnType<typeof parsed>['values']): Trust {
  if (archive === undefined || !isAddress(archive)) {
    if (endpoint !== undefined || addressing !== undefined)
      throw new UsageError('--endpoint and --addressing need --archive s3://bucket/prefix')
    return archive === undefined ? {} : { archive: directorySource(present(archive)) }
  }
  const place = readPlace(archive, { addressing, endpoint, env: process.env })
  return {
    archive: storeSource(place, { now: Date.now, wait: (ms) => setTimeout(ms) }),
  }
}

function present(directory: string): string {
  if (!statSync(directory, { throwIfNoEntry: false })?.isDirectory())
    throw new UsageError(`${directory} is not a directory`)
  return directory
}

function parsed(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        archive: { type: 'string' },
        endpoint: { type: 'string' },
        addressing: { type: 'string' },
        vkey: { type: 'string' },
        since: { type: 'string' },
        json: { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
      },
    })
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : 'the options cannot be read')
  }
}

function keyFrom(text: string): VerifierKey {
  const key = parseVerifierKey(text) ?? parseVerifierKey(contentOf(text).toString('utf8').trim())
  if (!key) throw new UsageError(`${text} is neither a verifier key nor a file with one`)
  return key
}

function contentOf(file: string): Buffer {
  try {
    return readFileSync(file)
  } catch {
    throw new UsageError(`${file} cannot be read`)
  }
}

try {
  process.exitCode = await main(process.argv.slice(2))
} catch (error) {
  if (error instanceof UsageError || error instanceof BadPlace)
    console.error(`remit-verify: ${error.message}\n\n${USAGE}`)
  else if (error instanceof UnreadableArchive) console.error(`remit-verify: ${error.message}`)
  else console.error(error)
  process.exitCode = 2
}
