import { appendFile, mkdir, readdir } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import type { Command } from 'commander'
import { LEDGER } from '../../console/api-operations/ledger.ts'
import { bold, dim, green, text } from '../../platform/lib/terminal/text.ts'
import { command, type Start } from './command.ts'
import { CommandFailure } from './failure.ts'
import { nounCommand } from './operations/noun.ts'
import { missing } from './private-file.ts'

/** `remit ledger …` */
export const ledgerCommand = nounCommand(LEDGER, [exportCommand])

interface ExportOptions {
  readonly private?: true
  readonly withoutArchive?: true
}

function exportCommand(start: Start): Command {
  return command('export', 'Downloads all that the offline verifier needs, into a new directory.', [
    'remit ledger export ./ledger',
    'remit ledger export ./ledger --private   # with arguments and addresses',
    'remit ledger export ./ledger --without-archive   # the verifier reads the rest from the archive',
  ])
    .argument('<directory>', 'new or empty')
    .option('--private', 'also the values that records only commit to; keep them to yourself')
    .option('--without-archive', 'only records that are in the database')
    .action(async (given: string, options: ExportOptions, invoked: Command) => {
      const cli = await start(invoked)
      const directory = resolve(cli.world.directory, given)
      await requireEmpty(directory, given)
      const query = new URLSearchParams({
        ...(options.private ? { private: 'true' } : {}),
        ...(options.withoutArchive ? { archived: 'false' } : {}),
      })
      const written = await writeFiles(directory, await cli.api.stream(`/ledger/export?${query}`))
      // It comes last (C2SP tlog-tiles): without it something is missing.
      if (!written.files.has('checkpoint')) throw incomplete(given)
      const { files, bytes } = written
      cli.say(
        text`${green('✓')} ${files.size} files, ${bytes} bytes in ${bold(directory)}`,
        dim(
          `  verify it offline, with a key from elsewhere: remit-verify ${given} --vkey KEY${options.withoutArchive ? ' --archive DIR' : ''}`,
        ),
      )
      cli.answer({ directory, files: files.size, bytes }, () => [])
    })
}

async function requireEmpty(directory: string, given: string): Promise<void> {
  const there = await readdir(directory).catch(missing)
  if (there?.length) {
    throw new CommandFailure('The directory is not empty', {
      detail: `\`${given}\` has files in it, and two exports must not mix`,
      next: ['name a new one'],
    })
  }
}

interface Line {
  readonly path: string
  readonly data: string
}

/** Lines of `{ path, data }`; a path that comes again continues its file. */
async function writeFiles(directory: string, lines: ReadableStream<Uint8Array>) {
  const files = new Set<string>()
  let bytes = 0
  for await (const { data, path } of readLines(lines)) {
    const part = Buffer.from(data, 'base64')
    const target = join(directory, checkedPath(path))
    if (!files.has(path)) await mkdir(dirname(target), { recursive: true })
    // Everything is new here, so appending makes the file.
    await appendFile(target, part, { mode: path === 'private.jsonl' ? 0o600 : 0o644 })
    files.add(path)
    bytes += part.byteLength
  }
  return { files, bytes }
}

/** INVARIANT: nothing is written outside the directory, whatever the server says. */
export function checkedPath(path: string): string {
  const parts = path.split('/')
  if (!parts.every((part) => /^[a-z0-9][a-z0-9._-]*$/.test(part))) {
    throw new CommandFailure('The server named a file that is none of a ledger', { detail: path })
  }
  return join(...parts)
}

async function* readLines(stream: ReadableStream<Uint8Array>): AsyncGenerator<Line> {
  let rest = ''
  try {
    for await (const chunk of stream.pipeThrough(new TextDecoderStream())) {
      const lines = (rest + chunk).split('\n')
      rest = lines.pop() ?? ''
      for (const line of lines) yield readLine(line)
    }
  } catch (cause) {
    throw cause instanceof CommandFailure ? cause : incomplete('it', cause)
  }
  if (rest !== '') throw incomplete('it')
}

function readLine(line: string): Line {
  const { data, path }: { data?: unknown; path?: unknown } = JSON.parse(line)
  if (typeof path !== 'string' || typeof data !== 'string') throw incomplete('it')
  return { path, data }
}

function incomplete(what: string, cause?: unknown): CommandFailure {
  return new CommandFailure('The export is not complete', {
    detail: `the server stopped before the checkpoint; ${what} cannot be verified`,
    next: ['export again, into a new directory'],
    cause,
  })
}
