import { expect, test } from 'vitest'
import { passwordFault } from './password'
import { qrPath } from './qr-path'

test('twelve characters are enough, whatever they are', () => {
  expect(passwordFault('short')).toBe('At least 12 characters; 7 more')
  expect(passwordFault('twelve chars')).toBeNull()
  expect(passwordFault('ééééééééééé')).toContain('1 more')
})

test('runs of dark modules are one rectangle each', () => {
  expect(
    qrPath([
      [true, true, false, true],
      [false, false, false, false],
    ]),
  ).toBe('M0 0h2v1h-2zM3 0h1v1h-1z')
})
