import { describe, expect, it } from 'vitest'
import { notInherited } from './nginx-inheritance.ts'

const nginx = `http {
  server {
    proxy_set_header Remote-User $user;
    location / {
      proxy_pass http://gateway;
    }
    location /socket.io/ {
      proxy_set_header Host $host;
      proxy_pass http://gateway;
    }
    location /own/ {
      proxy_set_header Host $host;
      proxy_set_header Remote_User "";
      proxy_pass http://gateway;
    }
    location /static/ {
      proxy_set_header Host $host;
      root /srv;
    }
  }
  server {
    location /elsewhere/ {
      proxy_set_header Host $host;
      proxy_pass http://other;
    }
  }
}
`

describe('headers that an nginx location does not inherit', () => {
  it('are those set above a location that sets others, leads somewhere, and does not name them', () => {
    expect(notInherited(nginx, 'remote-user')).toEqual([
      { line: 7, lost: 'proxy_set_header Remote-User $user;', lostAt: 3 },
    ])
  })

  it('are none where nothing above sets the header', () => {
    expect(notInherited(nginx, 'x-forwarded-for')).toEqual([])
  })
})
