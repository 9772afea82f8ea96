import { expect, test } from 'vitest'
import { sizeWords } from './size'

test('a size is exact where it is small, and round where it is large', () => {
  expect(sizeWords(0)).toBe('0 bytes')
  expect(sizeWords(1023)).toBe('1023 bytes')
  expect(sizeWords(1024)).toBe('1.0 KiB')
  expect(sizeWords(3 * 1024 ** 2 + 512 * 1024)).toBe('3.5 MiB')
  expect(sizeWords(250 * 1024 ** 3)).toBe('250 GiB')
})
