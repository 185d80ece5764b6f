import { EventServer } from '../../testing/eventserver';
import { ExecModel } from './exec';

describe('ExecModel', () => {
  it('reads lists again when the events begin anew, if they were read before', async () => {
    const server = new EventServer();
    await server.open();
    server.happen(20);
    const model = new ExecModel(server.settings);
    const shown = model.list({});
    const untouched = model.list({});
    const gone = model.list({});
    jest
      .spyOn(model.runs, 'list')
      .mockResolvedValue({ runs: [], next: null, total: 0 });
    model.stream.start();
    await model.stream.ready;
    await Promise.all([shown.more(), gone.more()]);
    gone.dispose();
    expect(model.runs.list).toHaveBeenCalledTimes(2);

    server.events = [];
    const again = new Promise<void>(resolve => {
      shown.changed.connect(() => resolve());
    });
    server.drop();
    await again;
    expect(model.runs.list).toHaveBeenCalledTimes(3);
    expect(untouched.total).toBeNull();
    model.dispose();
    await server.close();
  });
});
