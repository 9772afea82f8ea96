import { describe, expect, it } from 'vitest'
import { fileNameOf } from '../../api/save'
import { bundleOf, packageName, verifyLine } from './package'

describe('an evidence package', () => {
  it('is about exactly one thing', () => {
    expect(bundleOf({ kind: 'session', id: 'v1' }, ' incident 7 ', '')).toEqual({ session: 'v1', reason: 'incident 7' })
    expect(bundleOf({ kind: 'window', id: 'w1' }, 'x', ' age1abc\n age1def ')).toEqual({
      window: 'w1',
      reason: 'x',
      recipients: ['age1abc', 'age1def'],
    })
    const times = { from: '2026-11-01T00:00:00Z', to: '2026-11-02T00:00:00Z' }
    expect(bundleOf({ kind: 'target', name: 'alaris-sm-01', ...times }, 'x', '')).toEqual({
      target: 'alaris-sm-01',
      ...times,
      reason: 'x',
    })
  })

  it('is called as the gate says, or by what it is about', () => {
    expect(fileNameOf('attachment; filename="chaperone-session-v1.tar"')).toBe('chaperone-session-v1.tar')
    expect(fileNameOf('attachment; filename="../../x"')).toBeNull()
    expect(fileNameOf(null)).toBeNull()
    expect(packageName({ kind: 'window', id: 'w1' })).toBe('chaperone-window-w1.tar')
  })

  it('is checked by a line that a shell takes as it is meant', () => {
    expect(verifyLine('chaperone-session-v1.tar', 'gate.example+0a1b2c3d+AbC/+=')).toBe(
      "chaperone-verify chaperone-session-v1.tar --key 'gate.example+0a1b2c3d+AbC/+='",
    )
    expect(verifyLine("it's.tar", 'key')).toBe("chaperone-verify 'it'\\''s.tar' --key key")
  })
})
