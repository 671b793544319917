// docs/configuration.md, made from the table of settings. `--check` fails when the page is not what the table says.
import { readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { SETTINGS } from '../src/programs/config/settings.ts'

const page = join(dirname(dirname(fileURLToPath(import.meta.url))), 'docs', 'configuration.md')

const rows = Object.values(SETTINGS).map(
  ({ environment, default: fallback, says }) =>
    `| \`${environment}\` | ${fallback === undefined ? '–' : `\`${fallback}\``} | ${says} |`,
)
const text = `# Configuration

Remit reads its settings from the environment. An unknown \`REMIT_…\` variable or an invalid value stops the start, so that a typing
error never switches protection off. This page is generated from the table in \`src/programs/config/settings.ts\`.

| Variable | When not set | Meaning |
| --- | --- | --- |
${rows.join('\n')}
`

if (process.argv.includes('--check')) {
  const same = readFileSync(page, 'utf8') === text
  console.log(
    same
      ? 'docs/configuration.md agrees with the settings'
      : 'docs/configuration.md is stale: node tools/write-configuration.ts',
  )
  process.exitCode = same ? 0 : 1
} else {
  writeFileSync(page, text)
}
