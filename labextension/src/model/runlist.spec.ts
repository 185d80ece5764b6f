import { ServerConnection } from '@jupyterlab/services';

import { ExecModel } from './exec';

describe('RunList', () => {
  it('reads nothing by itself', () => {
    const fetch = jest.fn();
    const model = new ExecModel(ServerConnection.makeSettings({ fetch }));
    const list = model.list({ top: true });
    expect(list.total).toBeNull();
    expect(list.hasMore).toBe(true);
    expect(fetch).not.toHaveBeenCalled();
  });
});
