/** A window on the technician's own desk. */
export const myWindowPath = (id: string): string => `/technician/windows/${id}`
