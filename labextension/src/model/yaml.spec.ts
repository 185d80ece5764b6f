import * as jsYaml from 'js-yaml';

import { toYaml } from './yaml';
import { lineOf } from './yamlplace';

describe('toYaml', () => {
  it.each([
    [
      { name: 'x', run: { source: { path: 'a/b.py' }, list: [1, 'two', true] } }
    ],
    [{ words: ['yes', 'null', '1.0', '0x1', '', ' x', 'a: b', '# c', '- d'] }],
    [
      {
        text: 'two\nlines',
        end: 'with\nan end\n',
        odd: 'x \ny',
        deep: ['a\nb']
      }
    ],
    [{ 'a key: odd': { yes: 1 } }],
    [{ items: [{ a: 1, b: { c: [] } }, { d: 'multi\n  line' }, [], {}] }],
    [{ mixed: [1, { a: [[1, 2], { b: 'c' }] }, ['x', { y: 'z' }]] }],
    [{ '{{lr}}': '{{lr}}', quote: '"\'', tab: 'a\tb', uni: 'ü\u2028\u0007' }],
    [{ date: '2026-01-31', time: '12:30:00', oct: '010', big: 1e21 }]
  ])('writes what is read back: %j', value => {
    expect(jsYaml.load(toYaml(value))).toEqual(value);
  });

  it('leaves out what is null', () => {
    expect(toYaml({ a: null, b: 1 })).toBe('b: 1\n');
  });
});

describe('lineOf', () => {
  const text = [
    'name: x', // 0
    'parameters:',
    '- name: a',
    '  minimum: 2',
    '# a comment',
    '- {name: b, type: nonsense}', // 5
    'run:',
    '  definition:',
    '    configuration:',
    '      arguments:',
    '        - one', // 10
    '        - two'
  ].join('\n');

  it.each([
    ['name', 0],
    ['parameters[0].minimum', 3],
    ['parameters[1].type', 5],
    ['run.definition.configuration.arguments[1]', 11],
    ['run.definition.nothing', 7],
    ['nothing', null]
  ])('finds %s', (target, line) => {
    expect(lineOf(text, target)).toBe(line);
  });
});
