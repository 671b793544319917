import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { parse, parseAllDocuments } from 'yaml'
import { readSettings } from '../../../src/programs/config/settings.ts'
import { imageSettings } from '../../image-settings.ts'

const CHART = join(import.meta.dirname, '..', '..', '..', 'deploy', 'helm', 'remit')
const VALUES = ['smallest', 'everything'] as const
const { REMIT_INTEROP_HELM, REMIT_INTEROP_KUBECONFORM, REMIT_INTEROP_SCHEMAS } = process.env
const { REMIT_INTEROP_KUBERNETES = '' } = process.env

interface Container {
  readonly env?: readonly EnvironmentVariable[]
  readonly args: readonly string[]
  readonly securityContext: object
}
interface EnvironmentVariable {
  readonly name: string
  readonly value?: string
  readonly valueFrom?: { readonly secretKeyRef: { readonly name: string; readonly key: string } }
}
interface PodSpec {
  readonly automountServiceAccountToken: boolean
  readonly containers: readonly [Container]
  readonly securityContext: object
}
interface Manifest {
  readonly kind: string
  readonly metadata: { readonly name: string; readonly annotations?: Record<string, string> }
  readonly spec: { readonly template?: { readonly spec: PodSpec } } & Record<string, unknown>
}

function helm(...args: readonly string[]) {
  return spawnSync(REMIT_INTEROP_HELM ?? 'helm', args, { encoding: 'utf8', cwd: CHART })
}

function template(values: string, ...more: readonly string[]) {
  const file = join('ci', `${values}-values.yaml`)
  const version = ['--kube-version', REMIT_INTEROP_KUBERNETES]
  return helm('template', 'remit', '.', '--values', file, ...version, ...more)
}

function manifests(values: string, ...more: readonly string[]): readonly Manifest[] {
  const { status, stderr, stdout } = template(values, ...more)
  assert.equal(status, 0, stderr)
  return parseAllDocuments(stdout).map((document) => document.toJS())
}

const podsOf = (all: readonly Manifest[]) =>
  // as: a Pod has its specification one level higher
  all.flatMap(
    ({ kind, spec }) => spec.template?.spec ?? (kind === 'Pod' ? (spec as unknown as PodSpec) : []),
  )

describe('Helm chart', () => {
  for (const values of VALUES) {
    it(`helm lints it, and Kubernetes knows every member of it (${values})`, () => {
      const lint = helm('lint', '--strict', '.', '--values', join('ci', `${values}-values.yaml`))
      assert.equal(lint.status, 0, lint.stdout)
      const { stdout: input } = template(values)
      const args = ['-strict', '-output', 'json', '-verbose', '-schema-location']
      const location = join(
        REMIT_INTEROP_SCHEMAS ?? '',
        '{{ .ResourceKind }}{{ .KindSuffix }}.json',
      )
      const ran = spawnSync(REMIT_INTEROP_KUBECONFORM ?? '', [...args, location], {
        input,
        encoding: 'utf8',
      })
      assert.equal(ran.status, 0, ran.stdout)
      const { resources }: { resources: { kind: string; status: string }[] } = JSON.parse(
        ran.stdout,
      )
      assert.deepEqual([...new Set(resources.map(({ status }) => status))], ['statusValid'])
      assert.equal(resources.length, manifests(values).length)
    })

    it(`Remit understands its settings; what is secret is only named (${values})`, async () => {
      for (const { containers } of podsOf(manifests(values))) {
        const [{ env = [], args }] = containers
        if (env.length === 0) continue
        const secret = env.filter(({ valueFrom }) => valueFrom)
        const names = ['DATABASE_URL', 'REMIT_IDP_CLIENT_SECRET', 'REMIT_MASTER_KEY']
        if (values === 'everything') names.push('REMIT_SMTP_URL')
        assert.deepEqual(secret.map(({ name }) => name).toSorted(), names)
        const settings = readSettings({
          ...(await imageSettings()),
          ...Object.fromEntries(env.map(({ name, value = '' }) => [name, value])),
          REMIT_MASTER_KEY: Buffer.alloc(32, 7).toString('base64url'),
          REMIT_IDP_CLIENT_SECRET: 'secret',
          DATABASE_URL: 'postgres://remit:secret@postgres/remit',
          ...(values === 'everything' ? { REMIT_SMTP_URL: 'smtps://mail.example.com' } : {}),
        })
        assert.equal(settings.issuer, 'https://remit.example.com')
        assert.match(args.join(), /^(serve|migrate)$/)
      }
    })

    it(`no pod of it has rights on its node or in Kubernetes (${values})`, () => {
      const pods = podsOf(manifests(values))
      assert.equal(pods.length, 3)
      for (const pod of pods) {
        assert.equal(pod.automountServiceAccountToken, false)
        assert.deepEqual(pod.securityContext, {
          ...{ runAsNonRoot: true, runAsUser: 10_001, runAsGroup: 10_001, fsGroup: 10_001 },
          seccompProfile: { type: 'RuntimeDefault' },
        })
        assert.deepEqual(pod.containers[0].securityContext, {
          ...{ allowPrivilegeEscalation: false, readOnlyRootFilesystem: true },
          capabilities: { drop: ['ALL'] },
        })
      }
    })
  }

  it('has what its values turn on, and nothing else', () => {
    const kindsOf = (all: readonly Manifest[]) => all.map(({ kind }) => kind).toSorted()
    const always = ['Deployment', 'Job', 'NetworkPolicy', 'Pod', 'PodDisruptionBudget', 'Service']
    const smallest = manifests('smallest')
    assert.deepEqual(kindsOf(smallest), always)
    const more = [...always, 'Ingress', 'Service', 'ServiceMonitor']
    assert.deepEqual(kindsOf(manifests('everything')), more.toSorted())
    const off = ['migration.enabled=false', 'networkPolicy.enabled=false', 'replicas=1']
    const less = manifests('smallest', ...off.flatMap((value) => ['--set', value]))
    assert.deepEqual(kindsOf(less), ['Deployment', 'Pod', 'Service'])
  })

  it('serves gateways of others where their files look for it, and nobody else', async () => {
    const all = manifests('everything')
    const [server] = podsOf(all.filter(({ kind }) => kind === 'Deployment'))
    const listening = Object.fromEntries(
      (server?.containers[0].env ?? []).map(({ name, value }) => [name, value]),
    )
    assert.equal(listening.REMIT_FORWARD_AUTH_LISTEN, '0.0.0.0:7490')
    assert.equal(listening.REMIT_EXT_AUTHZ_LISTEN, '0.0.0.0:7491')
    const service = all.find(
      ({ kind, metadata }) => kind === 'Service' && metadata.name === 'remit',
    )
    assert.match(JSON.stringify(service?.spec), /"port":7490.*"port":7491/)
    const istio = join(CHART, '..', '..', 'gateways', 'istio')
    assert.match(readFileSync(join(istio, 'http.yaml'), 'utf8'), /port: 7490/)
    assert.match(readFileSync(join(istio, 'grpc.yaml'), 'utf8'), /port: 7491/)
    const policy = JSON.stringify(all.find(({ kind }) => kind === 'NetworkPolicy')?.spec)
    assert.match(policy, /istio-system"}}}],"ports":\[[^\]]*http-auth[^\]]*grpc-ext-authz/)
    assert.doesNotMatch(template('smallest').stdout, /7490|7491/)
  })

  it('the migration comes before a server of the new version', () => {
    const job = manifests('smallest').find(({ kind }) => kind === 'Job')
    assert.equal(job?.metadata.annotations?.['helm.sh/hook'], 'pre-install,pre-upgrade')
    assert.deepEqual(job?.spec.template?.spec.containers[0].args, ['migrate'])
  })

  // helm names no path for the name of a member: the name itself has to be enough.
  const refusals: Readonly<Record<string, RegExp>> = {
    'issuer=http://remit.example.com': /issuer/,
    'issuer=https://remit.example.com/auth': /issuer/,
    'gateway=null': /gateway/,
    'secret.name=': /secret.name/,
    'image.repository=': /image.repository/,
    'networkPolicy.from=null': /networkPolicy\.from: name your ingress controller/,
    // Kubernetes would let everybody in.
    'networkPolicy.from=[]': /networkPolicy\.from: name your ingress controller/,
    'metrics.enabled=true': /metrics\.from: name your Prometheus/,
    'gateways.grpc=true': /gateways\.from: name your gateway/,
    'settings.REMIT_MASTER_KEY=AAAA': /REMIT_MASTER_KEY/,
    'settings.REMIT_SLACK_BOT_TOKEN=xoxb-1': /REMIT_SLACK_BOT_TOKEN/,
    'settings.REMIT_SMTP_URL=smtps://a:b@c': /REMIT_SMTP_URL/,
    'settings.remit_time_zone=UTC': /remit_time_zone/,
    'replica=3': /replica/,
    'replicas=0': /replicas/,
  }
  for (const [value, message] of Object.entries(refusals))
    it(`${value}: refused, with the name of the value`, () => {
      const option = /=\[|=true$/.test(value) ? '--set-json' : '--set'
      const { status, stderr } = template('smallest', option, value)
      assert.notEqual(status, 0)
      assert.match(stderr, message)
    })

  it('describes each of its values, and its version is that of Remit', () => {
    const read = (file: string) => readFileSync(join(CHART, file), 'utf8')
    const schema: { properties: object } = JSON.parse(read('values.schema.json'))
    const described = Object.keys(schema.properties).filter((name) => name !== 'global')
    assert.deepEqual(Object.keys(parse(read('values.yaml'))).toSorted(), described.toSorted())
    const { version }: { version: string } = JSON.parse(
      readFileSync(join(CHART, '..', '..', '..', 'package.json'), 'utf8'),
    )
    const chart: { version: string; appVersion: string } = parse(read('Chart.yaml'))
    assert.deepEqual([chart.version, chart.appVersion], [version, version])
  })
})
