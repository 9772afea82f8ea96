/** Hashing a file in the browser. */

/** A browser hashes what is in memory whole: larger files are hashed on the command line. */
export const MOST_HASHED = 1 << 30

/** SHA-256 of a file as `sha256sum` prints it. Rejects where the page is not on HTTPS, or the file is too large. */
export async function sha256Of(file: Blob): Promise<string> {
  if (file.size > MOST_HASHED) throw new Error('it is too large to be hashed here: run sha256sum and paste its SHA-256')
  // Browsers offer it on HTTPS and on the machine itself alone.
  const subtle = (globalThis.crypto as Crypto | undefined)?.subtle as SubtleCrypto | undefined
  if (!subtle) throw new Error('this page cannot hash: run sha256sum and paste its SHA-256')
  const digest = await subtle.digest('SHA-256', await file.arrayBuffer())
  return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, '0')).join('')
}
