import { spawnSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, realpathSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { type Counterpart, UnavailableSource } from '../counterpart.ts'
import { cacheFolder } from '../download.ts'
import { needProgram } from '../program.ts'

const ROOT = join(import.meta.dirname, '..', '..', '..')
/** Limit of one step, in ms. */
const MAX_LENGTH = 600_000
const CERTIFICATES = '/etc/ssl/certs/ca-certificates.crt'

/** podman, where no systemd is and where limits cannot be raised. */
export const PODMAN = ['--cgroup-manager', 'cgroupfs', '--runtime', 'runc'] as const
export const RUN_OPTIONS = [
  ...['--no-healthcheck', '--network', 'host', '--pull', 'never'],
  ...['--ulimit', 'nofile=4096:4096', '--ulimit', 'nproc=4096:4096'],
] as const

/**
 * Image of Remit, built by our Dockerfile with buildah and run with podman. Its base images cannot be had from a registry of
 * images here: they are made of the Debian packages of this machine, its Node and its npm, under the names that the Dockerfile
 * asks for. Everything else is as anywhere.
 */
export const container: Counterpart = {
  name: 'container',
  version: 'Debian',
  async get() {
    for (const name of ['buildah', 'podman', 'runc', 'mmdebstrap', 'git']) needProgram(name, name)
    const { VERSION_CODENAME: debian = '' } = osRelease()
    if (!debian) throw new UnavailableSource('this is no Debian, so there is no base to build on')
    makeBases(debian)
    const image = `localhost/remit-interop-${process.pid}`
    const built = run('buildah', [
      ...[
        'bud',
        '--format',
        'docker',
        '--pull-never',
        '--network',
        'host',
        '--isolation',
        'chroot',
      ],
      ...['--build-arg', `DEBIAN=${debian}`, '--build-arg', 'COMMIT=0123456789abcdef'],
      ...['--volume', `${npmCache()}:/root/.npm`],
      ...['-f', 'deploy/container/Dockerfile', '-t', image, trackedFiles()],
    ])
    if (built.status !== 0) throw new Error(`the image is not built: ${built.stderr.slice(-2000)}`)
    const podman = run('podman', ['--version']).stdout.trim()
    return {
      REMIT_INTEROP_IMAGE: image,
      REMIT_INTEROP_VERSION: `${podman}, Debian ${debian}`,
    }
  },
}

function makeBases(debian: string): void {
  const tar = join(cacheFolder(), `debian-${debian}.tar`)
  if (!existsSync(tar)) {
    mkdirSync(cacheFolder(), { recursive: true })
    must('mmdebstrap', ['--variant=minbase', '--include=ca-certificates', debian, tar])
  }
  const name = must('buildah', ['from', 'scratch'])
  const add = (from: string, to: string) => must('buildah', ['add', '-q', name, from, to])
  const commit = (image: string) =>
    must('buildah', ['commit', '-q', name, `docker.io/library/${image}-slim`])
  add(tar, '/')
  commit(`debian:${debian}`)
  add(process.execPath, '/usr/local/bin/node')
  add(dirname(dirname(realpathSync(must('sh', ['-c', 'command -v npm'])))), '/usr/local/lib/npm')
  // This machine may reach npm's registry through a proxy with a certificate of its own.
  add(CERTIFICATES, CERTIFICATES)
  must('buildah', ['config', '--env', `NODE_EXTRA_CA_CERTS=${CERTIFICATES}`, name])
  const link = ['ln', '-s', '../lib/npm/bin/npm-cli.js', '/usr/local/bin/npm']
  must('buildah', ['run', '--isolation', 'chroot', name, '--', ...link])
  commit(`node:24-${debian}`)
  must('buildah', ['rm', name])
  must('podman', [
    ...PODMAN,
    'run',
    '--rm',
    ...RUN_OPTIONS,
    `docker.io/library/debian:${debian}-slim`,
    'true',
  ])
}

/** Copies what is tracked: a checkout has other things, too. Answers the folder. */
function trackedFiles(): string {
  const folder = mkdtempSync(join(tmpdir(), 'remit-image-'))
  const { stdout } = run('git', ['-C', ROOT, 'ls-files', '-z'])
  for (const name of stdout.split('\0'))
    if (name && existsSync(join(ROOT, name))) cpSync(join(ROOT, name), join(folder, name))
  return folder
}

function npmCache(): string {
  const folder = join(cacheFolder(), 'npm')
  mkdirSync(folder, { recursive: true })
  return folder
}

function osRelease(): Readonly<Record<string, string>> {
  if (!existsSync('/etc/os-release')) return {}
  const lines = readFileSync('/etc/os-release', 'utf8').split('\n')
  return Object.fromEntries(
    lines.map((line) => line.split('=')).map(([name = '', value = '']) => [name, value]),
  )
}

function run(program: string, args: readonly string[]) {
  return spawnSync(program, args, {
    encoding: 'utf8',
    timeout: MAX_LENGTH,
    maxBuffer: 64 * 1024 * 1024,
  })
}

/** Runs what only this machine can refuse. Answers its output; throws `UnavailableSource`. */
function must(program: string, args: readonly string[]): string {
  const { status, stderr, stdout } = run(program, args)
  const why = stderr.trim().split('\n').at(-1) ?? 'no answer'
  if (status !== 0) throw new UnavailableSource(`${program} ${args[0]}: ${why.slice(0, 200)}`)
  return stdout.trim()
}
