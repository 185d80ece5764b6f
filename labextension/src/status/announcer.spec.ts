import { Notification } from '@jupyterlab/apputils';
import { nullTranslator } from '@jupyterlab/translation';
import { CommandRegistry } from '@lumino/commands';
import { Signal } from '@lumino/signaling';

import { makeRun, RunServer } from '../../testing/runserver';
import { CommandIDs } from '../commands';
import { Activity } from '../model/activity';
import type { Run } from '../types';
import { Announcer } from './announcer';

let server: RunServer;
let announcer: Announcer;
let opened: unknown[];
let notices: Map<string, string>;

beforeEach(async () => {
  Notification.manager.dismiss();
  server = new RunServer();
  await server.start();
  const activity = new Activity(server.model);
  await activity.start({ at: null, isLooking: false });
  const commands = new CommandRegistry();
  opened = [];
  notices = new Map();
  commands.addCommand(CommandIDs.openRun, {
    execute: args => opened.push(args['runId'])
  });
  const trans = nullTranslator.load('jupyter-exec');
  announcer = new Announcer(activity, commands, trans, notices);
});

afterEach(() => {
  announcer.dispose();
  server.stop();
});

/** Wait for the next notification; answers all, newest first. */
async function told(): Promise<Notification.INotification[]> {
  const { manager } = Notification;
  if (manager.count === 0) {
    await new Promise<void>(resolve => {
      manager.changed.connect(() => resolve());
    });
  }
  return manager.notifications;
}

function end(runId: string, status: 'Completed' | 'Failed' | 'Canceled') {
  const error =
    status === 'Failed' ? { code: 'ExitCode', message: 'KeyError: <x>' } : null;
  server.create({ runId, status: 'Running', error });
  server.move(runId, status);
}

describe('Announcer', () => {
  it('tells why a run has failed, and opens it', async () => {
    end('a', 'Failed');
    const [found] = await told();
    expect(found.message).toBe('a has failed: KeyError: <x>');
    expect(found.type).toBe('error');
    found.options.actions?.[0].callback(new MouseEvent('click'));
    expect(opened).toEqual(['a']);
  });

  it('takes the place of what told of the submission', async () => {
    notices.set('a', Notification.success('Submitted a'));
    const both = new Promise<void>(resolve => {
      Notification.manager.changed.connect((_, { type }) => {
        if (type === 'added') {
          resolve();
        }
      });
    });
    end('a', 'Completed');
    await both;
    const found = Notification.manager.notifications;
    expect(found.map(({ message }) => message)).toEqual(['a has completed.']);
    expect(notices.size).toBe(0);
  });

  it('sums up many', async () => {
    ['a', 'b', 'c'].forEach(name => end(name, 'Completed'));
    end('d', 'Failed');
    const found = await told();
    expect(found.map(({ message }) => message)).toEqual([
      '4 runs have ended; 1 of them failed.'
    ]);
  });

  it('tells of failures only where that is set', async () => {
    announcer.announced = 'failures';
    end('a', 'Completed');
    end('b', 'Failed');
    const found = await told();
    expect(found.map(({ message }) => message)).toEqual([
      'b has failed: KeyError: <x>'
    ]);
  });
});

describe('Announcer, by the clock', () => {
  const ended = new Signal<Activity, readonly Run[]>({} as Activity);
  const texts = () =>
    Notification.manager.notifications.map(({ message }) => message);
  const endOf = (runId: string, status: Run['status'] = 'Completed') =>
    ended.emit([
      makeRun(0, { runId, status, endedAt: new Date().toISOString() })
    ]);
  let clocked: Announcer;

  beforeEach(() => {
    jest.useFakeTimers();
    Notification.manager.dismiss();
    const trans = nullTranslator.load('jupyter-exec');
    const activity = { ended } as unknown as Activity;
    clocked = new Announcer(activity, new CommandRegistry(), trans);
  });

  afterEach(() => {
    clocked.dispose();
    jest.useRealTimers();
  });

  it('counts on in one notification while runs keep ending', () => {
    for (let index = 0; index < 500; index++) {
      endOf(`r${index}`, index === 400 ? 'Failed' : 'Completed');
      jest.advanceTimersByTime(200);
    }
    jest.advanceTimersByTime(3000);
    expect(texts()).toEqual(['500 runs have ended; 1 of them failed.']);
  });

  it('grows seldom enough to be read', () => {
    let count = 0;
    const onChanged = () => (count += 1);
    Notification.manager.changed.connect(onChanged);
    for (let index = 0; index < 100; index++) {
      endOf(`r${index}`);
      jest.advanceTimersByTime(200);
    }
    Notification.manager.changed.disconnect(onChanged);
    expect(count).toBeLessThan(15);
  });

  it('tells of single ends at once, each by itself', () => {
    endOf('a');
    jest.advanceTimersByTime(700);
    expect(texts()).toEqual(['a has completed.']);
    jest.advanceTimersByTime(20_000);
    endOf('b');
    jest.advanceTimersByTime(700);
    expect(texts()).toEqual(['b has completed.', 'a has completed.']);
  });

  it('begins anew after a pause', () => {
    ['a', 'b', 'c'].forEach(name => endOf(name));
    jest.advanceTimersByTime(15_000);
    endOf('d');
    jest.advanceTimersByTime(700);
    expect(texts()).toContain('d has completed.');
    expect(texts()).toContain('3 runs have ended; none of them failed.');
  });
});
