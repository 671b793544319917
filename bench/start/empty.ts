// An empty process of this runtime: what a server cannot start faster or smaller than.
process.stderr.write('ready\n')
setInterval(() => {}, 60_000)
