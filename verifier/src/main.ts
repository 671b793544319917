#!/usr/bin/env node
import { readFileSync, statSync } from 'node:fs'
import { parseArgs } from 'node:util'
import {
  describe,
  directorySource,
  parseVerifierKey,
  type VerifierKey,
  verifyLedger,
} from './index.ts'

const USAGE = `usage: remit-verify DIR [--archive DIR] [--vkey KEY|FILE] [--since CHECKPOINT_FILE] [--json]

Verifies an exported Remit ledger, offline.

  --vkey KEY|FILE          the key the ledger is known by, from a source other than the export
  --since CHECKPOINT_FILE  a checkpoint you kept: nothing under it may have changed or gone
  --archive DIR            a copy of the archive, for an export without it
  --json                   the report as JSON

Exit codes: 0 ok, 1 something is wrong, 2 wrong usage.`

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
    ...(values.archive === undefined ? {} : { archive: directorySource(present(values.archive)) }),
    ...(values.vkey === undefined ? {} : { key: keyFrom(values.vkey) }),
    ...(values.since === undefined ? {} : { since: contentOf(values.since) }),
  })
  console.log(values.json ? JSON.stringify(report, null, 2) : describe(report))
  return report.verdict === 'ok' ? 0 : 1
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
  if (!(error instanceof UsageError)) console.error(error)
  else console.error(`remit-verify: ${error.message}\n\n${USAGE}`)
  process.exitCode = 2
}
