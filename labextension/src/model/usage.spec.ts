import { MemoryLog } from './logreader.testing';
import { UsageModel } from './usage';

function line(second: number, memoryBytes: number, cpuSeconds: number): string {
  const time = new Date(second * 1000).toISOString();
  return `${JSON.stringify({ time, memoryBytes, cpuSeconds, processes: 1 })}\n`;
}

describe('UsageModel', () => {
  it('makes processors of seconds, and knows the peaks', async () => {
    const log = new MemoryLog();
    log.append(line(10, 100, 1) + line(12, 300, 5) + 'no JSON\n');
    log.append(line(14, 200, 5) + line(16, 50, 0));
    log.piece = 7;
    log.hasEnded = true;
    const usage = new UsageModel(log, () => true);
    await usage.follow();
    expect(usage.points.map(point => point.cpus)).toEqual([0, 2, 0, 0]);
    expect(usage.peakMemoryBytes).toBe(300);
    expect(usage.peakCpus).toBe(2);
  });

  it('knows what was used before the first point where the beginning is known', async () => {
    const log = new MemoryLog();
    log.append(line(12, 100, 0.06));
    log.hasEnded = true;
    const usage = new UsageModel(log, () => true, 10_000);
    await usage.follow();
    expect(usage.peakCpus).toBeCloseTo(0.03);
  });

  it('thins out what is too much', async () => {
    const log = new MemoryLog();
    log.append(Array.from({ length: 5000 }, (_, i) => line(i, i, i)).join(''));
    log.hasEnded = true;
    const usage = new UsageModel(log, () => true);
    await usage.follow();
    expect(usage.points.length).toBeLessThanOrEqual(2000);
    expect(usage.peakMemoryBytes).toBe(4999);
  });
});
