import type { RunDefinition } from '../types';
import { entryOf } from './entry';

const PATHS = new Set(['a.py', 'src/train.py', 'my notes.ipynb']);

function entry(configuration: object): string | null {
  return entryOf({ configuration } as unknown as RunDefinition, PATHS);
}

test('a run executes its script, or what its command names', () => {
  expect(entry({ script: 'src/train.py' })).toBe('src/train.py');
  expect(entry({ script: './my notes.ipynb' })).toBe('my notes.ipynb');
  expect(entry({ command: ['python', '-m', 'x', './a.py'] })).toBe('a.py');
  expect(entry({ command: 'cd . && python "my notes.ipynb"' })).toBe(
    'my notes.ipynb'
  );
  expect(
    entry({ experiment: { meta: { cmd: 'python src/train.py --lr=1' } } })
  ).toBe('src/train.py');
});

test('a script that is not in the snapshot is none of its files', () => {
  expect(entry({ script: 'gone.py' })).toBeNull();
  expect(entry({ command: 'nvidia-smi' })).toBeNull();
  expect(entry({})).toBeNull();
  expect(entryOf({}, PATHS)).toBeNull();
  expect(entryOf(undefined, PATHS)).toBeNull();
});
