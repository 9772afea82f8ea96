import { describe, expect, it } from 'vitest'
import { hexLines, imageType, looksOf, textOf, visible } from './body'
import { notesOf, statusTone, statusWords, tookWords, urlParts, type Transaction } from './transactions'

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
const PNG = new Uint8Array([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, ...Array<number>(20).fill(0)])

describe('a body', () => {
  it('is an image by its bytes and never by what it is called', () => {
    expect(imageType(PNG)).toBe('image/png')
    expect(imageType(bytes('<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>'))).toBeNull()
    expect(looksOf(bytes('<script>alert(1)</script>'), 'image/png')).toEqual(['text', 'hex'])
    expect(looksOf(PNG, 'text/html')).toEqual(['image', 'hex'])
  })

  it('is text where it is UTF-8, with JSON laid out', () => {
    expect(textOf(bytes('{"a":1}'), 'application/json')).toBe('{\n  "a": 1\n}')
    expect(textOf(bytes('{"a":'), 'application/json')).toBe('{"a":')
    expect(textOf(new Uint8Array([0xff, 0xfe]), 'text/plain')).toBeNull()
    expect(textOf(bytes('a\0b'), 'text/plain')).toBeNull()
  })

  it('shows what would hide or turn text around', () => {
    expect(visible('a\u202eb\u001b[2Jc\td\n')).toBe('a⟨U+202E⟩b⟨U+001B⟩[2Jc\td\n')
  })

  it('can be seen byte by byte', () => {
    const lines = hexLines(bytes('0123456789abcdefg\n')).split('\n')
    expect(lines).toEqual([
      '00000000  30 31 32 33 34 35 36 37  38 39 61 62 63 64 65 66  0123456789abcdef',
      '00000010  67 0a                                             g.',
    ])
    expect(hexLines(new Uint8Array(100), 32).split('\n')).toHaveLength(2)
  })
})

const ROW: Transaction = {
  place: 0, number: 1, at: '2026-11-23T22:00:00Z', at_ms: 0, took_ms: 12, method: 'GET', url: 'https://c/x', status: 200,
  media: 'text/html', sent: 0, sent_sha256: null, received: 5, received_sha256: 'ab', whole: true, outcome: 'complete',
  upgraded: null, credential: null, files: [],
}

describe('a row', () => {
  it('says how long it took in a unit that one reads', () => {
    expect([tookWords(0), tookWords(999), tookWords(1500), tookWords(125_000), tookWords(null)]).toEqual([
      '0 ms', '999 ms', '1.5 s', '2 min 5 s', 'not over',
    ])
  })

  it('takes a URL apart without believing that it is one', () => {
    expect(urlParts('https://alaris-console:8443/a?b#c')).toEqual({ host: 'alaris-console:8443', path: '/a?b#c' })
    expect(urlParts('https://console')).toEqual({ host: 'console', path: '/' })
    expect(urlParts('javascript:alert(1)')).toEqual({ host: '', path: 'javascript:alert(1)' })
  })

  it('says what came of it, and what was not recorded', () => {
    expect(statusWords({ status: null, outcome: 'unfinished' })).toBe('no answer yet')
    expect([200, 302, 404, 502, null].map((status) => statusTone({ status }))).toEqual(['good', 'info', 'warn', 'bad', 'bad'])
    expect(notesOf(ROW)).toEqual([])
    const file = { direction: 'upload', name: 'pump.bin', bytes: 1200, sha256: null }
    const notes = notesOf({ ...ROW, outcome: 'cut', whole: false, credential: 'console basic', files: [file] })
    const bomb = { ...file, direction: 'download', name: 'log', bytes: 304, coding: 'gzip, gzip' }
    expect(notesOf({ ...ROW, files: [bomb] })).toEqual(['download log, 304 B, as it passed, under the content coding gzip, gzip'])
    expect(notes).toEqual([
      'upload pump.bin, 1.2 kB',
      'the gate put in the credential console basic, which is not recorded',
      'cut by the gate',
      'larger than what is kept: only its beginning, its length and its hash were recorded',
    ])
  })
})
