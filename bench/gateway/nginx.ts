import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Cores } from '../harness/machine.ts'
import { type Program, startProgram } from '../harness/program.ts'

const NGINX = '/usr/sbin/nginx'

/** nginx as a bare proxy in one process, kept-alive connections on both sides, no log. `undefined`: it is not installed here. */
export async function startNginx(
  port: number,
  upstreamPort: number,
  cores: Cores,
): Promise<Program | undefined> {
  if (!existsSync(NGINX)) return undefined
  const folder = mkdtempSync(join(tmpdir(), 'remit-nginx-'))
  const file = join(folder, 'nginx.conf')
  writeFileSync(file, configuration(folder, port, upstreamPort))
  // The last thing it says before it serves.
  const program = await startProgram([NGINX, '-c', file, '-e', 'stderr'], {
    cores,
    ready: 'getrlimit',
  })
  return {
    ...program,
    async stop() {
      await program.stop()
      rmSync(folder, { recursive: true })
    },
  }
}

function configuration(folder: string, port: number, upstreamPort: number): string {
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
    .map((name) => `${name}_temp_path ${join(folder, name)};`)
    .join('\n  ')
  return `daemon off;
master_process off;
pid ${join(folder, 'pid')};
error_log stderr notice;
events { worker_connections 1024; }
http {
  access_log off;
  ${temporary}
  keepalive_requests 1000000;
  upstream api {
    server 127.0.0.1:${upstreamPort};
    keepalive 128;
    keepalive_requests 1000000;
  }
  server {
    listen 127.0.0.1:${port};
    location / {
      proxy_pass http://api;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
    }
  }
}
`
}
