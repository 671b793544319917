// Rules for dependency-cruiser, made from the table of the wings.
import { WINGS } from './edges.mjs'

/** Tests and their helpers may import anything. */
const TESTS = '(\\.test|/testing)\\.ts$'

const wings = Object.entries(WINGS).map(([wing, uses]) => ({
  name: `${wing} uses ${Object.keys(uses).join(', ') || 'no other wing'}`,
  severity: 'error',
  from: { path: `^src/${wing}/`, pathNot: TESTS },
  to: { path: '^src/', pathNot: `^src/(${[wing, ...Object.keys(uses)].join('|')})/` },
}))

/** @type {import('dependency-cruiser').IConfiguration} */
// biome-ignore lint/style/noDefaultExport: dependency-cruiser reads the default export
export default {
  forbidden: [
    ...wings,
    {
      name: 'files do not import each other in a circle, types included',
      severity: 'error',
      from: { path: '^(src|engine|sdk|verifier|pkcs11)/' },
      to: { circular: true },
    },
    {
      name: 'a package of its own imports nothing of its neighbours',
      severity: 'error',
      from: { path: '^(engine|sdk|verifier|pkcs11)/' },
      to: { path: '^(src|engine|sdk|verifier|pkcs11|test|tools)/', pathNot: '^$1/' },
    },
    {
      name: 'the server imports no test, tool or bench',
      severity: 'error',
      from: { path: '^src/', pathNot: TESTS },
      to: { path: '^(test|tools|bench|examples)/' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: 'node_modules' },
    // Imports of types count, too.
    tsPreCompilationDeps: true,
  },
}
