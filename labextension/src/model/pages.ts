import { PageConfig, URLExt } from '@jupyterlab/coreutils';

/** Set by our server extension where jupyter-server-proxy is there. */
const PROXY = 'jupyterExecProxy';

/**
 * Where the browser finds a page that a run serves: through the server, where that has a proxy;
 * else at its own address, which only a browser on the same machine reaches.
 *
 * @returns null for what is no address of a web page.
 */
export function pageHref(address: string): string | null {
  let url: URL;
  try {
    url = new URL(address);
  } catch {
    return null;
  }
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    return null;
  }
  const isHere = url.hostname === '127.0.0.1' || url.hostname === 'localhost';
  if (!isHere || !url.port || PageConfig.getOption(PROXY) !== 'true') {
    return url.href;
  }
  const base = URLExt.join(PageConfig.getBaseUrl(), 'proxy', url.port);
  return base + url.pathname + url.search;
}
