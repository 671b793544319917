// Runs a program with nothing of this environment but what the test says: no credential, no setting,
// no session of whoever runs the tests. `alone.mjs FILE NAME,NAME …`
const [file, names] = process.argv.slice(2)
const kept = new Set(['PATH', 'NODE_NO_WARNINGS', ...names.split(',')])
for (const name of Object.keys(process.env)) if (!kept.has(name)) delete process.env[name]
await import(new URL(file, `file://${process.cwd()}/`))
