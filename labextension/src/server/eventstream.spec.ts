import { EventParser } from './eventstream';

describe('EventParser', () => {
  const text = 'id: 1\nevent: state\ndata: {"id":1,\ndata: "type":"state"}\n\n';

  it('joins the lines of an event', () => {
    expect(new EventParser().feed(text)).toEqual([{ id: 1, type: 'state' }]);
  });

  it('takes a stream that is cut anywhere', () => {
    const parser = new EventParser();
    const found = [...text].flatMap(letter => parser.feed(letter));
    expect(found).toEqual([{ id: 1, type: 'state' }]);
  });

  it('leaves comments out', () => {
    expect(new EventParser().feed(': ping\n\n: ping\n\n')).toEqual([]);
  });
});
