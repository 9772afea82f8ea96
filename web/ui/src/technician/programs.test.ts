import { expect, test } from 'vitest'
import { hostsLines, recordedWords } from './programs'

test('each name stands once in the hosts file, and an address never', () => {
  const programs = [{ name: 'console.east.example' }, { name: 'Console.East.example' }, { name: '10.1.2.3' }, { name: 'fd00::7' }, { name: 'db' }]
  expect(hostsLines(programs)).toBe('127.0.0.1 console.east.example\n127.0.0.1 db')
  expect(hostsLines([])).toBe('')
})

test('what is encrypted inside is never said to be recorded on screen', () => {
  expect(recordedWords('flow')).toContain('the screen is not')
  expect(recordedWords('plain')).toContain('everything')
})
