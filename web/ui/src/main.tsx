import '@fontsource-variable/inter/wght.css'
import './app/tokens.css'
import './app/global.css'
import './app/mantine-styles'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { App } from './app/App'
import { shareStyleNonce } from './app/nonce'

shareStyleNonce()

const root = document.getElementById('root')
if (root === null) throw new Error('index.html has no #root')
createRoot(root).render(
  <StrictMode>
    <App />
  </StrictMode>,
)
