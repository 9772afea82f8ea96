import { expect, test, vi } from 'vitest'
import { match, type Binding } from './match'

const run = (): void => undefined
const bind = (keys: string, does: () => void = run): Binding => ({ keys, words: keys, run: does })

test('a single key runs at once', () => {
  expect(match([bind('j')], null, 'j')).toEqual({ run, pending: null })
  expect(match([bind('j')], null, 'x')).toEqual({ run: null, pending: null })
})

test('a sequence waits for its second key', () => {
  const bindings = [bind('g r'), bind('g s')]
  expect(match(bindings, null, 'g')).toEqual({ run: null, pending: 'g' })
  expect(match(bindings, 'g', 's')).toEqual({ run, pending: null })
})

test('a key that does not end the sequence counts by itself', () => {
  expect(match([bind('g r'), bind('j')], 'g', 'j')).toEqual({ run, pending: null })
  expect(match([bind('g r')], 'g', 'g')).toEqual({ run: null, pending: 'g' })
})

test('the page’s keys win over the frame’s', () => {
  const frame = vi.fn()
  const page = vi.fn()
  match([bind('a', frame), bind('a', page)], null, 'a').run?.()
  expect(page).toHaveBeenCalled()
  expect(frame).not.toHaveBeenCalled()
})
