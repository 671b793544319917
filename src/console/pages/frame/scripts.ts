import { ASSETS, PUSH_WORKER } from './assets.ts'

interface PageScript {
  readonly tag: string
  /** Directives that a page with it needs besides, on this origin. */
  policy(issuer: string): readonly string[]
}

function pageScript(path: string, more: (issuer: string) => readonly string[]): PageScript {
  return {
    tag: `<script src="${path}" defer></script>`,
    policy: (issuer) => [`script-src ${issuer}${path}`, ...more(issuer)],
  }
}

/** Scripts, by name. Each runs on the pages that carry its tag, and nowhere else. */
export const SCRIPTS = {
  passkey: pageScript(ASSETS.passkey.path, () => []),
  push: pageScript(ASSETS.push.path, (issuer) => [`worker-src ${issuer}${PUSH_WORKER.path}`]),
} as const satisfies Record<string, PageScript>

/**
 * Directives that a page has besides the usual ones: for its script, by the whole address. None for
 * a page without. Everything from outside is escaped, so that only `documentOf` writes a tag.
 */
export function scriptPolicy(issuer: string, page: string): readonly string[] {
  const script = Object.values(SCRIPTS).find(({ tag }) => page.includes(tag))
  return script ? [...script.policy(issuer), "require-trusted-types-for 'script'"] : []
}
