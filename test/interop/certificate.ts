import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { needProgram } from './program.ts'

/** Writes a certificate for 127.0.0.1, its key, and both in one file into a folder; answers their paths. */
export function writeCertificate(folder: string): { cert: string; key: string; both: string } {
  needProgram('openssl', 'openssl')
  const at = (name: string) => join(folder, name)
  const files = { cert: at('cert.pem'), key: at('key.pem'), both: at('both.pem') }
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes']
  const name = ['-subj', '/CN=127.0.0.1', '-addext', 'subjectAltName=IP:127.0.0.1', '-days', '2']
  const out = ['-keyout', files.key, '-out', files.cert]
  const { status, stderr } = spawnSync('openssl', ['req', '-x509', ...key, ...name, ...out])
  if (status !== 0) throw new Error(`no certificate: ${stderr}`)
  writeFileSync(files.both, readFileSync(files.cert, 'utf8') + readFileSync(files.key, 'utf8'))
  return files
}
