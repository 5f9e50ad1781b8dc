import { describe, expect, it } from 'vitest'
import { formsIn } from './html-form.ts'

describe('the forms of a page', () => {
  it('have an address, a method, fields, and what is sent back as it is', () => {
    expect(
      formsIn(`<form METHOD=post action="/in?a=1&amp;b=2"><input type=hidden name=csrf value='x"y'>
        <input name="user" placeholder="a > b"><input type="password" name="secret" autocomplete>
        <input type=checkbox name=remember checked><input type=checkbox name=other><button name=go value=1>Go</button></form>`),
    ).toEqual([
      {
        action: '/in?a=1&b=2',
        method: 'post',
        fields: ['user', 'secret'],
        preset: [
          ['csrf', 'x"y'],
          ['remember', 'on'],
          ['go', '1'],
        ],
      },
    ])
  })

  it.each([
    ['in a comment', '<!-- <form><input name="user"></form> -->'],
    ['in a comment without an end', '<!-- <form><input name="user"></form>'],
    ['in a script', '<script>document.write("<form><input name=user></form>")</script>'],
    ['in a template', '<template><form><input name="user"></form></template>'],
    ['in a form of a template', '<template><form><input name="user"></form></template><input name="user">'],
    ['outside a form', '<input name="user">'],
    ['behind the end of a form', '<form></form><input name="user">'],
    ['nowhere: a page that a script fills', '<!doctype html><div id="root"></div><script src="/app.js"></script>'],
  ])('are none where the field stands %s', (_where, page) => {
    expect(formsIn(page).flatMap(({ fields }) => fields)).toEqual([])
  })

  it('leave out what a browser does not send', () => {
    const [form] = formsIn(
      '<form><input name=user disabled><input type=submit name=one value=1><input type=submit name=one value=2><input type=button name=x><input type=hidden></form>',
    )
    expect(form).toEqual({ action: '', method: 'get', fields: [], preset: [['one', '1']] })
  })

  it('are several, and one that is not closed ends with the page', () => {
    expect(
      formsIn('<form action=/a><input name=q></form><form action=/b><input name=user>').map(({ action }) => action),
    ).toEqual(['/a', '/b'])
  })

  it('decode references as browsers do, and keep what is none', () => {
    const [form] = formsIn('<form action="&#x2f;a&#47;b&unknown;&amp;&#0;"></form>')
    expect(form?.action).toBe('/a/b&unknown;&\uFFFD')
  })

  it('are found in a large page of one unclosed tag after the other without delay', () => {
    const before = process.cpuUsage()
    formsIn('<form '.repeat(200_000))
    formsIn('<!--'.repeat(200_000))
    formsIn('<script>'.repeat(50_000))
    formsIn('<form>'.repeat(80_000))
    formsIn('<div><p>'.repeat(500_000))
    formsIn(`<form ${Array.from({ length: 60_000 }, (_, at) => `a${at}`).join(' ')}>`)
    // Time of the processor, which other programs do not change. It took 1.6 s, the square of the length without the bound takes minutes.
    expect(process.cpuUsage(before).user / 1e6).toBeLessThan(5)
  })
})
