import { expect, test } from 'vitest'
import { MOST_HASHED, sha256Of } from './hash'

test('a file is hashed as sha256sum does', async () => {
  expect(await sha256Of(new Blob(['abc']))).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad')
  expect(await sha256Of(new Blob([]))).toBe('e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855')
})

test('what is too large to be hashed here is said, with what to do', async () => {
  const large = { size: MOST_HASHED + 1 } as Blob
  await expect(sha256Of(large)).rejects.toThrow('sha256sum')
})
