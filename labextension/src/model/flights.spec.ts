import { Flights } from './flights';

describe('Flights', () => {
  it('does a thing once, however often it is asked in one tick', async () => {
    const flights = new Flights<number>();
    let count = 0;
    const act = async () => ++count;
    const asked = [1, 2, 3].map(() => flights.take('a', act));
    expect(flights.has('a')).toBe(true);
    expect(await Promise.all(asked)).toEqual([1, 1, 1]);
    expect(flights.has('a')).toBe(false);
    expect(await flights.take('a', act)).toBe(2);
  });

  it('keeps different things apart', async () => {
    const flights = new Flights<string>();
    const asked = ['a', 'b'].map(key => flights.take(key, async () => key));
    expect(await Promise.all(asked)).toEqual(['a', 'b']);
  });

  it('can be tried again after a failure', async () => {
    const flights = new Flights<string>();
    const fail = () => Promise.reject(new Error('no'));
    await expect(flights.take('a', fail)).rejects.toThrow('no');
    expect(await flights.take('a', async () => 'yes')).toBe('yes');
  });
});
