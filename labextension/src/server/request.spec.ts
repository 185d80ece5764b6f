import { RunServer } from '../../testing/runserver';

it('asks for no other route than was meant', async () => {
  const server = new RunServer();
  const { requester, runs } = server.model;
  expect(requester.url(['runs', 'a/../b'])).toMatch(/runs\/a%2F\.\.%2Fb$/);
  for (const odd of ['', '.', '..']) {
    await expect(runs.get(odd)).rejects.toMatchObject({ kind: 'refused' });
  }
  expect(server.asked).toEqual([]);
  server.stop();
});
