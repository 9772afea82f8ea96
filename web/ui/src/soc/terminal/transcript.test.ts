import { describe, expect, it } from 'vitest'
import { neutralText } from './neutral-text'
import { KEPT_CHARACTERS, Transcript } from './transcript'

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)

describe('neutral text', () => {
  it('shows escape sequences instead of obeying them', () => {
    expect(neutralText('\u001b[31mred\u001b[0m\u0007')).toBe('⟨ESC⟩[31mred⟨ESC⟩[0m⟨BEL⟩')
    expect(neutralText('\u009b2J\u007f')).toBe('⟨U+009B⟩2J⟨DEL⟩')
  })

  it('lets nothing overwrite or reorder what stands there', () => {
    expect(neutralText('harmful\rharmless')).toBe('harmful⟨CR⟩harmless')
    expect(neutralText('a\u202eb\u2066c\u200bd')).toBe('a⟨U+202E⟩b⟨U+2066⟩c⟨U+200B⟩d')
  })

  it('keeps lines, tabs and every script', () => {
    expect(neutralText('größe\t東京\r\nline')).toBe('größe\t東京\nline')
    expect(neutralText('<script>alert(1)</script>')).toBe('<script>alert(1)</script>')
  })
})

describe('a transcript', () => {
  it('keeps output and error output in the order in which they came', () => {
    const transcript = new Transcript()
    transcript.add(bytes('one '), false)
    transcript.add(bytes('two '), false)
    transcript.add(bytes('oops'), true)
    transcript.add(bytes('three'), false)
    expect(transcript.passages).toEqual([
      { isError: false, text: 'one two ' },
      { isError: true, text: 'oops' },
      { isError: false, text: 'three' },
    ])
  })

  it('puts a character together whose bytes came apart', () => {
    const transcript = new Transcript()
    const [first, second] = bytes('é')
    transcript.add(new Uint8Array([first ?? 0]), false)
    transcript.add(bytes('!'), true)
    transcript.add(new Uint8Array([second ?? 0]), false)
    expect(transcript.passages.map((passage) => passage.text)).toEqual(['!', 'é'])
  })

  it('knows a line end whose two bytes came apart', () => {
    const transcript = new Transcript()
    transcript.add(bytes('one\r'), false)
    transcript.add(bytes('\ntwo'), false)
    expect(transcript.passages.map((passage) => passage.text)).toEqual(['one\ntwo'])
  })

  it('drops the oldest and says so', () => {
    const transcript = new Transcript()
    transcript.add(bytes('old'), true)
    transcript.add(bytes('n'.repeat(KEPT_CHARACTERS)), false)
    expect(transcript.passages).toEqual([{ isError: false, text: 'n'.repeat(KEPT_CHARACTERS) }])
    expect(transcript.isCut).toBe(true)
  })
})
