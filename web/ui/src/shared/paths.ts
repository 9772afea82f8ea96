/** Addresses of things that other pages link to. */

export const windowPath = (id: string): string => `/windows/${id}`
export const visitPath = (id: string): string => `/soc/visits/${id}`
export const serverPath = (name: string): string => `/engineering/servers/${encodeURIComponent(name)}`
export const personPath = (login: string): string => `/administration/people/${encodeURIComponent(login)}`
