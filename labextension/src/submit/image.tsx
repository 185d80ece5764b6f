import * as React from 'react';

import { useExec } from '../components/context';
import { hasOtherImage } from './container';
import { TextField, useSubmit } from './fields';

/** The image of the container; only where the target has containers. */
export function Image(): JSX.Element | null {
  const model = useSubmit();
  const { trans } = useExec();
  const { subject, isContained, faults, known } = model;
  if (!isContained && !faults.image) {
    return null;
  }
  const isOther = hasOtherImage(subject.run);
  const hint = subject.takesParameters
    ? trans.__(
        'The container image. A notebook needs ipykernel and nbclient in it.'
      )
    : trans.__('The container image, as the engine knows it or can pull it.');
  return (
    <TextField
      field="image"
      label={trans.__('Image')}
      choices={known.images}
      placeholder={isOther ? trans.__('As in that run') : 'python:3.12-slim'}
      hint={hint}
    />
  );
}
