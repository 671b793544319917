import { HOUR_SECONDS } from '../../platform/lib/time-units.ts'

/** Claims as they come from platforms, with made-up names. For tests. */

/** A projected service account token (TokenRequest API). */
export function kubernetes(now: number, namespace: string, name: string) {
  return {
    exp: now + HOUR_SECONDS,
    iat: now,
    nbf: now,
    jti: '8f3c7a52-6a0e-4a55-9f6f-3e0a2f0c9d11',
    'kubernetes.io': {
      namespace,
      node: { name: 'node-1', uid: '5d7c0a6e-0c9b-4d4d-8a4a-1d8f0c1f2a3b' },
      pod: { name: `${name}-7d4f`, uid: '1a2b3c4d-5e6f-4a7b-8c9d-0e1f2a3b4c5d' },
      serviceaccount: { name, uid: '9f8e7d6c-5b4a-4938-8271-605f4e3d2c1b' },
    },
    sub: `system:serviceaccount:${namespace}:${name}`,
  }
}

/** An OIDC token of a GitHub Actions job. */
export function githubActions(now: number) {
  return {
    jti: '4d2f8f4e-2b0e-4a0b-8b1e-0f6a9d6c7e55',
    sub: 'repo:acme/shop:ref:refs/heads/main',
    ref: 'refs/heads/main',
    sha: '0123456789abcdef0123456789abcdef01234567',
    repository: 'acme/shop',
    repository_owner: 'acme',
    repository_owner_id: '1234567',
    repository_id: '7654321',
    repository_visibility: 'private',
    run_id: '1000',
    run_number: '10',
    run_attempt: '1',
    actor: 'someone',
    actor_id: '42',
    workflow: 'deploy',
    event_name: 'push',
    ref_type: 'branch',
    job_workflow_ref: 'acme/shop/.github/workflows/deploy.yml@refs/heads/main',
    runner_environment: 'github-hosted',
    nbf: now - 300,
    exp: now + 600,
    iat: now,
  }
}

/** An identity token of a Slack agent. */
export function claudeTag(now: number, org: string) {
  return {
    sub: `wimse://identity.anthropic.com/org/${org}/agent/cagt_01Mz4kVnXr8TqWb2pLsJ7hYe`,
    iat: now,
    nbf: now - 15,
    exp: now + 600,
    jti: 'MX4KT2R7WBH5QZ3NDJ6PVA25FC',
    tenant: org,
    agent_id: 'cagt_01Mz4kVnXr8TqWb2pLsJ7hYe',
    profile_id: 'capp_01Qw9tHnKj5Rz3mXb7PvL2cY',
    platform: 'slack',
    slack_workspace_id: 'T01HX7RQKPZT',
    slack_channel_id: 'C01MZ4KVNXRT',
  }
}
