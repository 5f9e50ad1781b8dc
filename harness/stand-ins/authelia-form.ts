/** The page of Authelia's portal as this project shows it: the fields that its script posts to /api/firstfactor, as a form. */
import type { Answer } from '../reference-proxy/answer.ts'

/** @param target of the page: `rd` is the address to return to, `rm` the method with which it was asked for */
export function formPage(target: string): Answer {
  const asked = new URL(target, 'https://portal').searchParams
  const body = [
    '<!doctype html><title>Login - Authelia (stand-in)</title>',
    '<form method="post" action="/api/firstfactor">',
    `<input type="hidden" name="targetURL" value="${escaped(asked.get('rd') ?? '')}">`,
    `<input type="hidden" name="requestMethod" value="${escaped(asked.get('rm') ?? '')}">`,
    '<input name="username"><input type="password" name="password"><button>Sign in</button>',
    '</form>',
  ].join('\n')
  return {
    status: 200,
    headers: [
      ['Content-Type', 'text/html; charset=utf-8'],
      ['Content-Length', String(Buffer.byteLength(body))],
      ['Cache-Control', 'no-store'],
    ],
    body,
  }
}

function escaped(text: string): string {
  return text.replace(/[&"<>]/g, (character) => `&#${character.charCodeAt(0)};`)
}
