import { EventParser } from './eventparser';

describe('EventParser', () => {
  const text =
    ': hi\nid: 1\nevent: state\ndata: {"id":1,\ndata:"type":"x"}\n\n';
  const event = { id: '1', data: '{"id":1,\n"type":"x"}' };

  it('joins the lines of an event', () => {
    expect(new EventParser().feed(text)).toEqual([event]);
  });

  it.each(['\n', '\r\n', '\r'])('takes lines that end with %j', end => {
    const parser = new EventParser();
    const whole = text.replaceAll('\n', end) + 'id: 2' + end;
    const found = [...whole].flatMap(letter => parser.feed(letter));
    expect(found).toEqual([event]);
  });

  it('leaves comments out', () => {
    expect(new EventParser().feed(': ping\n\n: ping\n\n')).toEqual([]);
  });

  it('gives a position that comes without data', () => {
    const found = new EventParser().feed(': connected\nid: 17\n\n');
    expect(found).toEqual([{ id: '17', data: null }]);
  });
});
