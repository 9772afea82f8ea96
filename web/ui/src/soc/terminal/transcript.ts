import { neutralText } from './neutral-text'

/** Text of one kind in a row. */
export interface Passage {
  isError: boolean
  text: string
}

/** The longest text kept; what is older is dropped and said to be. */
export const KEPT_CHARACTERS = 400_000

/**
 * The output of a program that had no terminal, output and error output in the order in which they came. Characters
 * whose bytes arrive apart are put together again.
 */
export class Transcript {
  #streams = { output: new TextStream(), error: new TextStream() }
  #passages: readonly Passage[] = []
  #length = 0
  #isCut = false

  get passages(): readonly Passage[] {
    return this.#passages
  }

  /** Whether the beginning was dropped. */
  get isCut(): boolean {
    return this.#isCut
  }

  add(bytes: Uint8Array, isError: boolean): void {
    const text = neutralText((isError ? this.#streams.error : this.#streams.output).read(bytes))
    if (text === '') return
    const last = this.#passages.at(-1)
    this.#passages =
      last?.isError === isError
        ? [...this.#passages.slice(0, -1), { isError, text: last.text + text }]
        : [...this.#passages, { isError, text }]
    this.#length += text.length
    if (this.#length > KEPT_CHARACTERS) this.#dropOldest()
  }

  #dropOldest(): void {
    let excess = this.#length - KEPT_CHARACTERS
    const kept: Passage[] = []
    for (const passage of this.#passages) {
      const dropped = Math.min(excess, passage.text.length)
      excess -= dropped
      if (dropped < passage.text.length) kept.push({ ...passage, text: passage.text.slice(dropped) })
    }
    this.#passages = kept
    this.#length = KEPT_CHARACTERS
    this.#isCut = true
  }
}

/** Bytes to text; a character or line end whose bytes come apart waits for its rest. */
class TextStream {
  #decoder = new TextDecoder()
  #heldReturn = ''

  read(bytes: Uint8Array): string {
    const text = this.#heldReturn + this.#decoder.decode(bytes, { stream: true })
    this.#heldReturn = text.endsWith('\r') ? '\r' : ''
    return this.#heldReturn ? text.slice(0, -1) : text
  }
}
