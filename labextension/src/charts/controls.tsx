import '../../style/charts.css';

import * as React from 'react';

import { useExec } from '../components/context';
import type { XKind } from './series';
import type { IChartSettings } from './settings';

/** What holds for all charts of a page: horizontal axis, logarithmic axes, smoothing. */
export function ChartControls(props: {
  settings: IChartSettings;
  onChange: (changes: Partial<IChartSettings>) => void;
}): JSX.Element {
  const { trans } = useExec();
  const { settings, onChange } = props;
  return (
    <div
      className="jp-exec-chart-controls"
      role="group"
      aria-label={trans.__('Charts')}
    >
      <label>
        {trans.__('Horizontal axis')}
        <select
          className="jp-exec-select"
          value={settings.xKind}
          onChange={event => onChange({ xKind: event.target.value as XKind })}
        >
          <option value="step">{trans.__('Step')}</option>
          <option value="time">{trans.__('Time')}</option>
        </select>
      </label>
      <label>
        <input
          type="checkbox"
          checked={settings.logX}
          onChange={event => onChange({ logX: event.target.checked })}
        />
        {trans.__('Log x')}
      </label>
      <label>
        <input
          type="checkbox"
          checked={settings.logY}
          onChange={event => onChange({ logY: event.target.checked })}
        />
        {trans.__('Log y')}
      </label>
      <label>
        {trans.__('Smoothing')}
        <input
          type="range"
          min={0}
          max={0.99}
          step={0.01}
          value={settings.smoothing}
          onChange={event =>
            onChange({ smoothing: Number(event.target.value) })
          }
        />
        <output>{settings.smoothing.toFixed(2)}</output>
      </label>
    </div>
  );
}
