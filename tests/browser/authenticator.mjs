/** An authenticator app (RFC 6238): a code is shown for 30 seconds, and the gate takes each at most once. */
import { createHmac } from 'node:crypto'

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'
const STEP_MS = 30_000

export class Authenticator {
  #secret
  #spent = 0

  /** From the secret as it is typed. */
  constructor(base32) {
    const bits = [...base32.replaceAll(/[\s=]/g, '')].map((letter) => ALPHABET.indexOf(letter).toString(2).padStart(5, '0'))
    const bytes = bits.join('').match(/.{8}/g) ?? []
    this.#secret = Buffer.from(bytes.map((byte) => Number.parseInt(byte, 2)))
  }

  /** A code that the gate has not had yet. It takes those of one step before and one after; three acts in a step wait. */
  async code() {
    const step = () => Math.floor(Date.now() / STEP_MS)
    const next = Math.max(this.#spent + 1, step() - 1)
    while (next > step() + 1) await new Promise((resolve) => setTimeout(resolve, 200))
    this.#spent = next
    return this.#codeOf(next)
  }

  #codeOf(step) {
    const counter = Buffer.alloc(8)
    counter.writeBigUInt64BE(BigInt(step))
    const tag = createHmac('sha1', this.#secret).update(counter).digest()
    const word = tag.readUInt32BE(tag[19] & 15) & 0x7fffffff
    return String(word % 1_000_000).padStart(6, '0')
  }
}
