const UNITS = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB'] as const

/** A file's size, as people say it: the exact number of bytes where it is small. */
export function sizeWords(bytes: number): string {
  let size = bytes
  let unit = 0
  while (size >= 1024 && unit < UNITS.length - 1) {
    size /= 1024
    unit += 1
  }
  const said = unit === 0 || size >= 100 ? Math.round(size) : size.toFixed(1)
  return `${said} ${UNITS[unit]}`
}
