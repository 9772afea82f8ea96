import { setNonce } from 'get-nonce'

/** The nonce that the gate gave this page for style elements. */
export function styleNonce(): string {
  return document.querySelector<HTMLMetaElement>('meta[name="csp-nonce"]')?.content ?? ''
}

/** Tells the scroll lock of dialogs, which writes a style element of its own. */
export function shareStyleNonce(): void {
  setNonce(styleNonce())
}
