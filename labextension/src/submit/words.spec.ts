import {
  joinWords,
  parseDuration,
  parsePairs,
  parseValue,
  splitLine,
  writeDuration,
  writeValue
} from './words';

describe('splitLine', () => {
  it.each([
    ['', []],
    ['--lr 0.1', ['--lr', '0.1']],
    [`a "b c" 'd "e'`, ['a', 'b c', 'd "e']],
    [`--empty '' ""`, ['--empty', '', '']],
    [`one\\ word "a\\"b" "a\\b" 'a\\b'`, ['one word', 'a"b', 'a\\b', 'a\\b']],
    ['  x\t y\n', ['x', 'y']],
    [`a'b'"c"`, ['abc']]
  ])('splits %j as a shell does', (line, words) => {
    expect(splitLine(line)).toEqual({ words, problem: null });
  });

  it('tells what is not finished', () => {
    expect(splitLine('a "b').problem).toBe('quote');
    expect(splitLine('a b\\').problem).toBe('backslash');
  });

  it('reads what joinWords writes', () => {
    const words = ['', 'a b', `it's`, '"', '\\', '$HOME', '--x=1', '\n'];
    expect(splitLine(joinWords(words)).words).toEqual(words);
  });
});

describe('parseDuration', () => {
  it.each([
    ['90', 90],
    ['45s', 45],
    ['10 min', 600],
    ['2 hours', 7200],
    ['1h30m', 5400],
    ['1.5d', 129_600],
    ['soon', null],
    ['1h30', null],
    ['0', null],
    ['', null]
  ])('reads %j', (text, seconds) => {
    expect(parseDuration(text)).toBe(seconds);
  });

  it('reads what writeDuration writes', () => {
    for (const seconds of [1, 90, 600, 7200, 86_400, 90_061]) {
      expect(parseDuration(writeDuration(seconds))).toBe(seconds);
    }
  });
});

describe('parseValue', () => {
  it.each([
    ['1', 1],
    ['-1e-3', -0.001],
    ['007', '007'],
    ['True', true],
    ['None', null],
    ['hello', 'hello'],
    ['[1, "a"]', [1, 'a']],
    ['"5"', '5'],
    ['{not json', '{not json']
  ])('reads %j', (text, value) => {
    expect(parseValue(text)).toEqual(value);
  });

  it('reads what writeValue writes', () => {
    for (const value of [1, '1', 'a b', '', true, 'true', null, { a: [1] }]) {
      expect(parseValue(writeValue(value))).toEqual(value);
    }
  });
});

describe('parsePairs', () => {
  it('reads pairs and tells what is none', () => {
    expect(parsePairs('a=1\n\n b = x=y \nnonsense\n=3')).toEqual({
      pairs: { a: '1', b: 'x=y' },
      wrong: ['nonsense', '=3']
    });
    expect(parsePairs('owner=me, draft', /,/, true).pairs).toEqual({
      owner: 'me',
      draft: ''
    });
  });
});
