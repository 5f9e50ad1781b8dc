/** A proxy's folder names no file outside of itself: what two proxies have in common is a copy, and stays one. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { projectFolder } from './project-files.testing.ts'

const read = (path: string) => readFile(join(projectFolder, 'proxies', path), 'utf8')

it('nginx-keycloak runs the nginx.conf of the hardened nginx-oauth2-proxy, whose lines are measured one by one', async () => {
  expect(await read('nginx-keycloak/keycloak/nginx.conf')).toBe(await read('nginx-oauth2-proxy/hardened/nginx.conf'))
})
