import { expect, test } from 'vitest'
import { asProblem, problemFrom, sentence, unreachable } from './problem'

test('the gate’s two sentences are kept', () => {
  const problem = problemFrom(409, {
    status: 409,
    title: 'Conflict',
    what: 'this window is over',
    next: 'ask for a new one',
    reference: 'K7M2',
  })
  expect(problem).toMatchObject({ status: 409, what: 'this window is over', next: 'ask for a new one', reference: 'K7M2', kind: null })
})

test('a body that is no problem still gets what happened and what next', () => {
  for (const body of [null, '<html>', {}, { what: 7 }]) {
    const problem = problemFrom(502, body)
    expect(problem.what).toBe('The gate answered with status 502')
    expect(problem.next).toContain('Try again')
  }
})

test('after a change without an answer, one looks before one repeats it', () => {
  expect(unreachable(true).next).toContain('look whether the change was made')
  expect(unreachable(false).next).toContain('goes on by itself')
})

test('a fault of the page is no fault of the gate', () => {
  const problem = asProblem(new TypeError('x is undefined'))
  expect(problem.what).toBe('This page failed')
  expect(problem.reference).toBe('x is undefined')
  expect(asProblem(problem)).toBe(problem)
})

test.each([
  ['this window is over', 'This window is over.'],
  ['Done!', 'Done!'],
  ['  ', ''],
])('%s stands by itself as %s', (words, whole) => {
  expect(sentence(words)).toBe(whole)
})
