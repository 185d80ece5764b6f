import { ServerConnection } from '@jupyterlab/services';

import { ExecModel } from './exec';
import { TargetsModel } from './targets';

/** A model whose server answers by the part of the address behind its prefix. */
function make(answer: (path: string, init?: RequestInit) => unknown) {
  const seen: string[] = [];
  const fetch = jest.fn(async (input: RequestInfo) => {
    const request = input as Request;
    const path = decodeURIComponent(request.url.split('/v1/')[1]);
    seen.push(`${request.method} ${path.replace(/[?&]\d+$/, '')}`);
    return new Response(JSON.stringify(answer(path)));
  });
  const settings = ServerConnection.makeSettings({
    fetch: fetch as typeof globalThis.fetch,
    baseUrl: 'http://localhost/'
  });
  return { model: new ExecModel(settings), seen };
}

const template = (name: string) => ({ name, version: 1, spec: {} });

describe('TemplateList', () => {
  it('reads pages, and reads again when this page changes a template', async () => {
    const { model, seen } = make(path =>
      path.includes('cursor')
        ? { templates: [template('b')], next: null, total: 2 }
        : { templates: [template('a')], next: 'c1', total: 2 }
    );
    const list = model.templates.list();
    await list.more();
    await list.more();
    expect(list.items.map(each => each.name)).toEqual(['a', 'b']);
    expect(list.hasMore).toBe(false);
    await list.more();
    expect(seen).toHaveLength(2);
    await model.templates.restore('a', 1);
    await list.more();
    expect(seen.slice(2)).toEqual([
      'POST templates/a/restore',
      'GET templates?limit=100'
    ]);
    list.dispose();
  });

  it('shows the answer to the last question only', async () => {
    const { model } = make(path => ({
      templates: [template(path.includes('q=new') ? 'new' : 'old')],
      next: null,
      total: 1
    }));
    const list = model.templates.list();
    await Promise.all([list.search('old'), list.search('new')]);
    expect(list.items.map(each => each.name)).toEqual(['new']);
  });
});

describe('TargetsModel', () => {
  it('reads nothing while nobody looks', async () => {
    const { model, seen } = make(() => ({ targets: [] }));
    const targets = new TargetsModel(model.runs, model.store);
    targets.refresh();
    await Promise.resolve();
    expect(seen).toEqual([]);
    const changed = new Promise<void>(done =>
      targets.changed.connect(() => done())
    );
    targets.isVisible = true;
    await changed;
    expect(seen).toEqual(['GET targets']);
    targets.dispose();
  });
});
