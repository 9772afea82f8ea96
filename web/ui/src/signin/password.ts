/** The rule for passwords: length, and nothing else. */

export const LEAST_LENGTH = 12

/** What is wrong with a new password; `null` when it will do. Length is counted in characters as people see them. */
export function passwordFault(password: string): string | null {
  const length = [...password].length
  if (length >= LEAST_LENGTH) return null
  const missing = LEAST_LENGTH - length
  return `At least ${LEAST_LENGTH} characters; ${missing} more`
}
