import { PageConfig } from '@jupyterlab/coreutils';

import { pageHref } from './pages';

describe('The address of a page that a run serves', () => {
  afterEach(() => {
    PageConfig.setOption('jupyterExecProxy', '');
    PageConfig.setOption('baseUrl', '/');
  });

  it('is its own where the server has no proxy', () => {
    expect(pageHref('http://127.0.0.1:10001/jobs/')).toBe(
      'http://127.0.0.1:10001/jobs/'
    );
  });

  it('goes through the proxy where there is one', () => {
    PageConfig.setOption('jupyterExecProxy', 'true');
    PageConfig.setOption('baseUrl', '/user/ann/');
    expect(pageHref('http://127.0.0.1:10001/jobs/?a=1')).toBe(
      `${PageConfig.getBaseUrl()}proxy/10001/jobs/?a=1`
    );
    expect(pageHref('http://elsewhere:10001/')).toBe('http://elsewhere:10001/');
  });

  it.each(['javascript:alert(1)', 'data:text/html,x', 'nonsense', ''])(
    'is nothing for %p',
    address => {
      expect(pageHref(address)).toBeNull();
    }
  );
});
