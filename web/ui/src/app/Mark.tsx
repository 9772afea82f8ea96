/** The sign of Chaperone: a gate, and who stands in it. */
export function Mark({ size = 24 }: { size?: number }) {
  return (
    <svg viewBox="0 0 32 32" width={size} height={size} aria-hidden="true">
      <rect width="32" height="32" rx="8" fill="#0d5f6d" />
      <path d="M21.5 11.4a7 7 0 1 0 0 9.2" fill="none" stroke="#fff" strokeWidth="3" strokeLinecap="round" />
      <circle cx="23.2" cy="16" r="2.3" fill="#8fe0d2" />
    </svg>
  )
}
