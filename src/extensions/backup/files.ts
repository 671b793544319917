import { createHash } from 'node:crypto'
import { constants } from 'node:fs'
import { lstat, mkdir, open, readdir, rename } from 'node:fs/promises'
import { join } from 'node:path'
import { Problem } from '../../platform/lib/problem.ts'
import { damaged, type TableFile } from './manifest.ts'
import { BackupProblem } from './problems.ts'

const TABLES_FOLDER = 'tables'
/** Bytes that are written at once. */
const BUFFER_BYTES = 262_144
/** Maximum bytes of a row as a line. The largest values that are stored have some megabytes. */
const MAX_LINE_BYTES = 134_217_728
const NEWLINE = 10

/** Path of a table's rows. INVARIANT: the name is one of our own tables, never a text of the manifest. */
export function rowsPath(directory: string, table: string): string {
  return join(directory, TABLES_FOLDER, `${table}.jsonl`)
}

/** Makes the directory of a new backup. @throws Problem `backup.cannot_write` */
export async function makeDirectory(directory: string): Promise<void> {
  await writing(directory, async () => {
    await mkdir(directory, { recursive: true, mode: 0o700 })
    if ((await readdir(directory)).length > 0)
      throw new BackupProblem(
        'backup.cannot_write',
        `${directory} is not empty: name a new directory`,
      )
    await mkdir(join(directory, TABLES_FOLDER), { mode: 0o700 })
  })
}

/** Runs a write below the directory. @throws Problem `backup.cannot_write` */
export async function writing<T>(directory: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : ''
    if (cause instanceof Problem || !/^E[A-Z]+$/.test(code)) throw cause
    throw new BackupProblem('backup.cannot_write', `${directory}: ${code}`, { cause })
  }
}

/** Writes lines into a new file; durable, with its digest, when it resolves. */
export async function writeLines(
  path: string,
  lines: AsyncIterable<string>,
): Promise<Pick<TableFile, 'bytes' | 'rows' | 'sha256'>> {
  const digest = createHash('sha256')
  const file = await open(path, 'wx', 0o600)
  let [bytes, rows, waiting] = [0, 0, '']
  const flush = async () => {
    const part = Buffer.from(waiting)
    waiting = ''
    digest.update(part)
    bytes += part.byteLength
    await file.writeFile(part)
  }
  try {
    for await (const line of lines) {
      // A character is three bytes at most.
      if (line.length > MAX_LINE_BYTES / 3)
        throw new BackupProblem('backup.cannot_write', `a row for ${path} is too long`)
      waiting += line
      rows++
      if (waiting.length > BUFFER_BYTES) await flush()
    }
    await flush()
    await file.sync()
  } finally {
    await file.close()
  }
  return { bytes, rows, sha256: digest.digest('hex') }
}

/** Writes a whole file: it has this name when it is complete and durable, or not at all. */
export async function writeWhole(directory: string, name: string, text: string): Promise<void> {
  const draft = join(directory, `${name}.draft`)
  const file = await open(draft, 'wx', 0o600)
  try {
    await file.writeFile(text)
    await file.sync()
  } finally {
    await file.close()
  }
  for (const folder of [join(directory, TABLES_FOLDER), directory]) await syncFolder(folder)
  await rename(draft, join(directory, name))
  await syncFolder(directory)
}

/** Makes names durable. */
export async function syncFolder(path: string): Promise<void> {
  if (process.platform === 'win32') return
  const folder = await open(path, constants.O_RDONLY)
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}

/**
 * Reads the lines of a table's file, in the memory of one line. Reading to the end proves that
 * it is the file of the manifest.
 * @throws Problem `backup.damaged`
 */
export async function* readLines(directory: string, table: TableFile): AsyncGenerator<string> {
  const path = rowsPath(directory, table.name)
  const stat = await lstat(path).catch(() => undefined)
  // A link can lead anywhere, and a pipe has no end.
  if (!stat?.isFile()) throw damaged(`${path} is missing, or is no file`)
  if (stat.size !== table.bytes)
    throw damaged(`${path} has ${stat.size} bytes, and should have ${table.bytes}`)
  const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW)
  const digest = createHash('sha256')
  let [rows, left] = [0, 0]
  const parts: Buffer[] = []
  try {
    for await (const chunk of file.createReadStream({
      autoClose: false,
      highWaterMark: BUFFER_BYTES,
    })) {
      const bytes: Buffer = chunk
      digest.update(bytes)
      let from = 0
      for (let end = bytes.indexOf(NEWLINE); end >= 0; end = bytes.indexOf(NEWLINE, from)) {
        parts.push(bytes.subarray(from, end))
        yield Buffer.concat(parts.splice(0)).toString('utf8')
        from = end + 1
        left = 0
        rows++
      }
      parts.push(bytes.subarray(from))
      left += bytes.byteLength - from
      // A file of the right size may still be another file, so its lines must not fill the memory.
      if (left > MAX_LINE_BYTES) throw damaged(`${path} has a line that is too long`)
    }
  } finally {
    await file.close()
  }
  if (left > 0 || rows !== table.rows || digest.digest('hex') !== table.sha256)
    throw damaged(
      `${path} is not the file that was written: it was changed, or is of another backup`,
    )
}
