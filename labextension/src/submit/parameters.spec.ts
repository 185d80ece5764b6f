import type { INotebookContent } from '@jupyterlab/nbformat';

import type { Requester } from '../server/request';
import { declaredParameters } from './parameters';

const PARAMETERS = [
  { name: 'lr', type: 'number', value: '0.1' },
  { name: 'whole', type: 'number', value: '2.0' },
  { name: 'tiny', type: 'number', value: '1e-05' },
  { name: 'count', type: 'integer', value: '3' },
  { name: 'huge', type: 'integer', value: '12345678901234567890' },
  { name: 'names', type: 'array', value: '["a"]' },
  { name: 'pair', type: 'array', value: '[1, 2]' },
  { name: 'text', type: 'string', value: 'a' },
  { name: 'base', type: 'integer', value: '5' },
  { name: 'where', type: 'string' }
];
const SOURCE = `lr = 0.1  # lr of the optimiser
whole = 2.0
tiny = 1e-05
count: int = 3
huge = 12345678901234567890
names: list[str] = ["a"]
pair = (1, 2)
text = "a"
base = 5
double = base * 2
where = str(1)`;

it('gives only defaults that JSON carries as they are', async () => {
  const names = PARAMETERS.map(({ name }) => [name, `{{${name}}}`]);
  const draft = {
    parameters: PARAMETERS,
    run: {
      definition: { configuration: { parameters: Object.fromEntries(names) } }
    }
  };
  const requester = { write: () => Promise.resolve(draft) };
  const notebook = {
    metadata: {},
    nbformat: 4,
    nbformat_minor: 5,
    cells: [
      { cell_type: 'code', metadata: { tags: ['parameters'] }, source: SOURCE }
    ]
  };
  const { exact, schema } = await declaredParameters(
    notebook as unknown as INotebookContent,
    'n.ipynb',
    requester as unknown as Requester
  );
  expect(exact).toEqual(['lr', 'tiny', 'count', 'names', 'text']);
  expect(Object.keys(schema.properties)).toHaveLength(PARAMETERS.length);
});
