import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'
import { env } from 'node:process'
import { type Browser, chromium } from 'playwright-core'

/** Chromium of this machine: $CHROMIUM_PATH, or one on the PATH. */
export const chromiumPath: string | undefined = [
  ...(env.CHROMIUM_PATH ? [env.CHROMIUM_PATH] : []),
  ...(env.PATH ?? '')
    .split(delimiter)
    .flatMap(folder => ['chromium', 'chromium-browser', 'google-chrome'].map(name => join(folder, name))),
].find(path => {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
})

/** Tests of browsers are left out where there is none, but never in continuous integration. */
export const skipWithoutChromium: boolean = chromiumPath === undefined && env.CI !== 'true'

/** Headless Chromium with a WebGPU adapter in software, and without the services that it calls home for. */
export async function launchChromium(): Promise<Browser> {
  if (chromiumPath === undefined) throw new Error('There is no Chromium on the PATH. Is CHROMIUM_PATH set?')
  return chromium.launch({
    executablePath: chromiumPath,
    args: [
      '--headless=new',
      '--no-sandbox',
      '--enable-unsafe-webgpu',
      '--use-webgpu-adapter=swiftshader',
      '--enable-features=Vulkan',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  })
}
